"""What *Vurder og find fokus* prints itself, told apart from what a school has printed on it: in a header, over a field.

The form's sentences are not kept; a mark of two bytes stands for each word and each two words beside each other.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata

_WORD = re.compile(r"[^\W\d_]+")
_MARKS = (
    "002d007000c900ec0102012f01c501ef025602aa0310033b04060418042d04840527067b069306fd0780079407d407f708a008b608e3091c"
    "0a310a8d0b1d0b880b940b990c1d0c8a0cae0ce90d770db40dde0def0e2a0e7d0ea50ed50eec0f340f760fe4101610c2110c1127118b1271"
    "12b213081370140a14181443153a1565157b16e316ef1786179e17b61864187518e51a251a291a681a7c1a9f1ac91ad01afd1bb31bdd1c1d"
    "1c381c4d1d4c1d731d751d7d1dbf1dc71df01e461e7c1e891eda1edd1f2a201d206a20b420b621022146214c215d219c21b7220c22232272"
    "22a522b42325236023e0241d2491256725af25f526ac26ce26d4274d275b27ca28a9293229af29c929d729e72a0b2a702add2b082b4e2bd3"
    "2bfb2c722cc32d812da72dcf2def2df72e002e232e392e6d2e812efd2f39300e301d30b130c531193128313d315e317031af331b331d335a"
    "337d337f338733ca3403343d344b345734b034c134c735043507354c3571359735c83611362f366b36b4372f37bb37e8382f386b388a388e"
    "38c938d938f4394a3951397a39a539a839b239c23a0c3a143a223a6e3b2a3b913bf43c243c2d3c3d3c783cb23d103d3f3d763daa3de33dfa"
    "3e3c3e4c3e553f1c3f343f403f75406a41314145417e41fa422d42404273428542a442ae42f042f5432e433d4391442f449144ab45254579"
    "458b45aa463d46b4475347a447b147cf47fd486e48a5490d495b4964498c499e4ab34aba4b1c4b494b4f4b6d4b7a4bc34bc54bde4beb4c0a"
    "4c2b4c454cac4cdd4cf44d324d484e1e4eb34f054fee4ff450315036505050b85178518751ac51f7523252ff533a534653e1540c54a454cd"
    "54f65568558e5603563256a256a656a8570d571d57c157cf58185824597059bf59c85ae95afb5b795bbb5bcb5bd15bec5d745e075e465ea2"
    "5ef25f545fb65fc9607c608d60cd611061e5628c62ad62b4638c63e96435646d64ec6504659d65c0660d660f666966d266ea67406808687b"
    "69076940697e69826a686a936b126b156b1f6b526bce6c1c6c256c466c4a6c6d6c7e6c866cad6d126da36e6a6eb16ec36f126f386f786f80"
    "6ff47081709070aa70c270c471427147715c71c87216725b74217445744b745f74c2752d753f755875e375f7762f7687777b778d779d77bc"
    "77da78057851786678ae7902794a7a007a037a187a4f7a507ab57be57c047c127c2e7c837cfb7dc97e497ea67f027fed804b806780ad80fa"
    "812d81c881da82158289832b836e8377838483f48420842e848e85a485f1867b869f870b871c87408750886d88d88923899189ea89fb8a15"
    "8a2f8a418a8a8ad58b348b658b708c178c1e8c7c8ca48d568d768d7e8e168e288e338e468e798ec08ec18f2a8fdc90f790f8915d918b91a5"
    "91b691ca91fc9267927c9298929c92eb92ef930c9316934b93b99599959a95f695fe966596ab96b1970f97b197c497ef981698d498de9907"
    "99159928992e993e995b999699ab99b09a0e9a2d9a809b669b699b8e9b9e9bb79bc59c099c769cdb9d949dd59e189e2b9e659e709e9f9eb1"
    "9eb49f8da079a0c1a0caa16ba210a218a26ba27ea281a2dea2f4a32da32fa366a39aa3caa48aa4e1a53ca55ea562a595a59ea5eda678a681"
    "a6d2a6e1a71fa7a2a7dda880a937a944a95ea9aea9fdaa58aa74aaacaaddab59abf6ac28ac44ac6dac87aca6acb9ad09ad5dad88adabadf7"
    "ae53ae55af05af45af60afa6afb0afb4b049b056b0b5b114b14fb1d6b316b342b345b352b3dbb454b47db4a9b4eeb56db580b583b5d0b653"
    "b732b790b7feb83bb875b901b971b977b98db9abba70bb14bbc5bbd4bc41bcd0bd38bd54bd98bdb4bdc7be06be54bec1bec3bf26bf7cbfa8"
    "c002c012c0bcc0ffc1bfc272c2a1c2b6c2fdc34dc35bc3c7c3ddc434c472c475c5b5c60ec61ec6c7c6d0c6f4c739c791c7b8c7cdc7edc84e"
    "c850c88bc88ec8c9c8e4c9e2ca90cb07cb58cb6ecb73cb8fcb99cbb2cbe3cc10cc7ecc95ccb2ccd4cd20cdedce16ce1cce5fce84cea9ceed"
    "cfe7d003d044d063d09bd0b2d142d1a6d295d2c3d34ed3aed3b0d3ccd491d4bdd518d529d562d59fd5a4d626d63ad63cd738d739d755d779"
    "d7d8d896d8dada0ada7ddb5ddbbcdbbddbd3dbe7dc09dc0adca0dccaddb3ddbbde29de6ade7dde98decedf30df5adf6edfbfe006e00ee0a9"
    "e0e0e123e12de142e143e151e1bfe1d2e218e25ce2dce2e3e314e40ee4d4e501e543e54ae54be613e664e6dce728e82be8f1e907e92ee979"
    "e97ee986ea7beb2aeb7deb8debe8ec26ec68ecadecc1eceeed5cedbfedecee42ee45ee47ee9eeefcef0cef71ef9aefbaefe9f03ff054f056"
    "f085f0a8f0c4f0e9f14af1e6f33af360f395f3f8f41bf4d1f531f59ef62af645f662f665f690f6d4f7a3f7d6f804f869f8c3f8ecf8fef937"
    "f940f951f960f9aaf9f3f9f9fa32fa69fa95faeafb39fb3dfb43fb4efb5efb94fc2dfc34fc59fc8efc8ffd11fd26fd3efddefe08fe3dfe81"
    "fe9dff1eff48ff89ffaf"
)
_KNOWN = frozenset(_MARKS[n : n + 4] for n in range(0, len(_MARKS), 4))


def is_form_s_own(line: str) -> bool:
    """Whether all that stands in a printed line may be the form's: its words, beside each other as they are there."""
    words = words_of(line)
    pairs = [" ".join(pair) for pair in itertools.pairwise(words)] or words
    return not re.search(r"\d{3}", line) and all(mark(pair) in _KNOWN for pair in pairs)


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared; numbers are none."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def mark(words: str) -> str:
    """Two bytes that stand for words."""
    return hashlib.sha256(words.encode()).hexdigest()[:4]
