"""The documentation as a site: ``make docs`` writes it to ``dist/docs``; it opens from the folder, without a server."""

project = "komglad"
author = "komglad"
copyright = "komglad"
html_title = "komglad"
language = "da"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
html_theme = "furo"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
autodoc_typehints = "description"
add_module_names = False
