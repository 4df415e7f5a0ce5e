"""Exports in the shape each tool writes: attribute order, GUID style, what stands in a selection's name, where texts lie.

Written by hand after public descriptions and readers of these exports; no file of the tools themselves is in here.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from evaluation.codebooks import Codebook

TEXT = "Første 🙂 linje.\nJeg sov 7,12 timer, og det går bedre i skolen nu 👍.\nTak for det."
STATEMENT = "det går bedre i skolen nu"
START = TEXT.index(STATEMENT)
END = START + len(STATEMENT)
UTF16 = (len(TEXT[:START].encode("utf-16-le")) // 2, len(TEXT[:END].encode("utf-16-le")) // 2)
XMLNS = 'xmlns="urn:QDA-XML:project:1.0"'


def nvivo(code: str) -> tuple[str, str, bytes]:
    """NVivo for Windows 12.6: UTF-16 units, an empty name, no coder on a coding, CRLF and a mark in the text."""
    before = TEXT[:START].count("\n")
    start, end = UTF16[0] + before, UTF16[1] + before
    xml = f"""<?xml version="1.0" encoding="utf-8"?>
<Project xmlns:xsd="http://www.w3.org/2001/XMLSchema" name="Untitled" origin="NVivo for Windows 12.6"
  creatingUserGUID="f93ad076-5ca1-4f46-abf4-b4b67130a6e2" creationDateTime="2026-11-02T10:00:00Z" basePath="" {XMLNS}>
  <Users><User guid="8ca3a2c1-8b7a-41c3-a9dd-a8fb46caa645" name="AB" /></Users>
  <CodeBook><Codes><Code guid="{code}" name="Fald i fravær (oplevet)" isCodable="true" /></Codes></CodeBook>
  <Sources><TextSource guid="56a79789-d535-4fb8-bedd-a915504c54ba" name="interview_01"
    richTextPath="internal://56a79789-d535-4fb8-bedd-a915504c54ba.docx"
    plainTextPath="internal://56a79789-d535-4fb8-bedd-a915504c54ba.txt" creationDateTime="2026-11-02T10:00:00Z">
    <PlainTextSelection guid="fd960901-8191-4db1-a3dd-a91626d56c4b" name="" startPosition="{start}"
      endPosition="{end}"><Coding guid="aa960901-8191-4db1-a3dd-a91626d56c4b">
      <CodeRef targetGUID="{code}" /></Coding></PlainTextSelection></TextSource></Sources></Project>"""
    data = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    return xml, "Sources/56a79789-d535-4fb8-bedd-a915504c54ba.txt", data


def maxqda(code: str) -> tuple[str, str, bytes]:
    """MAXQDA 2020: upper-case GUIDs, a selection is named by its positions, lower-case folder, groups as sets."""
    xml = f"""<?xml version="1.0" encoding="utf-8"?>
<Project origin="MAXQDA 2020 (Release 20.4.2)" name="Projekt" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  modifiedDateTime="2026-11-02T10:00:00Z" {XMLNS}>
 <Users><User name="AB" guid="2C5846FE-C0B7-4124-9256-794A5742CEBA"/></Users>
 <CodeBook><Codes><Code isCodable="true" name="Fald i fravær (oplevet)" guid="{code.upper()}"/></Codes></CodeBook>
 <Sources><TextSource creatingUser="2C5846FE-C0B7-4124-9256-794A5742CEBA" guid="A0000000-0000-4000-8000-000000000001"
   plainTextPath="internal://A0000000-0000-4000-8000-000000000001.txt" name="interview_01">
  <PlainTextSelection creatingUser="2C5846FE-C0B7-4124-9256-794A5742CEBA" endPosition="{END}" startPosition="{START}"
    guid="B0000000-0000-4000-8000-000000000001" name="{START},{END}">
   <Coding creatingUser="2C5846FE-C0B7-4124-9256-794A5742CEBA" guid="C0000000-0000-4000-8000-000000000001">
    <CodeRef targetGUID="{code.upper()}"/></Coding></PlainTextSelection></TextSource>
  <VideoSource path="internal://E.m4a" guid="E0000000-0000-4000-8000-000000000001" name="Optagelse"/></Sources>
 <Sets><Set name="elev" guid="D0000000-0000-4000-8000-000000000001">
  <MemberSource guid="D0000000-0000-4000-8000-000000000002" targetGUID="A0000000-0000-4000-8000-000000000001"/></Set></Sets>
</Project>"""
    return xml, "sources/A0000000-0000-4000-8000-000000000001.txt", TEXT.encode()


def qualcoder(code: str) -> tuple[str, str, bytes]:
    """QualCoder: code points, the statement as name, an absolute path to the rich text, empty descriptions."""
    xml = f"""<?xml version="1.0" encoding="utf-8"?>
<Project xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  name="projekt.qda" origin="QualCoder 3.5" creatingUserGUID="11111111-1111-4111-8111-111111111111"
  creationDateTime="2026-11-02T10:00:00Z" {XMLNS}>
<Users><User guid="22222222-2222-4222-8222-222222222222" name="AB" /></Users>
<CodeBook><Codes><Code guid="{code}" name="Fald i fravær (oplevet)" isCodable="true" color="#F781F3"/></Codes></CodeBook>
<Variables><Variable guid="33333333-3333-4333-8333-333333333333" name="informant" typeOfVariable="Text" ><Description />
</Variable></Variables>
<Cases><Case guid="44444444-4444-4444-8444-444444444444" name="Sag"><Description />
<VariableValue><VariableRef targetGUID="33333333-3333-4333-8333-333333333333" /><TextValue>elev</TextValue></VariableValue>
<SourceRef targetGUID="55555555-5555-4555-8555-555555555555"/></Case></Cases>
<Sources><TextSource richTextPath="absolute:///home/x/interview_01.docx" plainTextPath="internal://interview_01.txt"
  creatingUser="22222222-2222-4222-8222-222222222222" guid="55555555-5555-4555-8555-555555555555" name="interview_01">
<PlainTextSelection guid="66666666-6666-4666-8666-666666666666" startPosition="{START}" endPosition="{END}"
  name="{STATEMENT}" creatingUser="22222222-2222-4222-8222-222222222222"><Description />
<Coding guid="77777777-7777-4777-8777-777777777777" creatingUser="22222222-2222-4222-8222-222222222222">
<CodeRef targetGUID="{code}"/></Coding></PlainTextSelection></TextSource></Sources></Project>"""
    return xml, "Sources/interview_01.txt", b"\xef\xbb\xbf" + TEXT.encode()


@pytest.mark.parametrize("tool", [nvivo, maxqda, qualcoder])
def test_a_statement_after_emoji_is_read_from_each_tool_s_shape(
    tmp_path: Path, read: Any, book: Codebook, tool: Any
) -> None:
    xml, member, data = tool(book.by_id["MP.TEGN.FALD"].guid)
    path = tmp_path / "projekt.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.qde", xml)
        archive.writestr(member, data)
    batch = read(path)
    assert batch.problems == ()
    assert batch.segments[["code", "start", "end"]].values.tolist() == [["MP.TEGN.FALD", START, END]]
    assert batch.texts["text"].tolist() == [STATEMENT]
    assert batch.segments["coder"].notna().all()
    if tool is not nvivo:
        assert batch.segments["informant"].tolist() == ["elev"]


def test_positions_as_a_name_are_no_quotation_even_where_they_stand_in_the_text(
    tmp_path: Path, read: Any, book: Codebook
) -> None:
    """MAXQDA names the first twelve characters from the seventh on ``7,12``, which here is also what somebody said."""
    xml, member, _ = maxqda(book.by_id["MP.TEGN.FALD"].guid)
    xml = xml.replace(f'endPosition="{END}" startPosition="{START}"', 'endPosition="12" startPosition="7"')
    path = tmp_path / "projekt.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "project.qde", xml.replace(f'name="{START},{END}"', 'name="7,12"').replace("🙂", "x")
        )
        archive.writestr(member, TEXT.replace("🙂", "x").replace("👍", "x").encode())
    batch = read(path)
    assert batch.problems == ()
    assert batch.segments[["start", "end"]].values.tolist() == [[7, 12]]
