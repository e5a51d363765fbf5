"""Render: editions from picks.

tokens.py     the places in an edition that differ from reader to reader
limits.py     how much a template may compute
columns.py    text as wide as it is shown: lines, the line below a heading, the preheader
sandbox.py    where templates of users run
parts.py      template files: their parts, the theme's values in them
unused.py     files among the templates that nothing uses
copies.py     which version a copy of a packaged template was made from
upstream.py   what has changed in the packaged ones since
hiding.py     Jinja and Outlook's comments, hidden while MJML and premailer work
markup.py     MJML checked against the table of its components (components.json)
sheets.py     style sheets: whether they are whole, and which rules are inlined
names.py      what templates may ask for: `letter.NAME`, `paper.NAME`
templates.py  MJML → inlined HTML Jinja template, once, cached by content
frames.py     a template cut at its loops, so that each block is rendered once
looks.py      how an issue looks, according to the settings
languages.py  which languages there are, and which of them somebody wants
locales.py    dates and directions as readers of a language write them
subjects.py   subject lines from the user's template
phrases.py    what is said to readers, in their languages
words.py      every phrase that code makes and a reader sees
reasons.py    which reasons tell a reader something
views.py      papers and sections as templates see them
given.py      what editions are made from: the masthead, who gets which papers
press.py      the editions of one issue, within their budget
editions.py   render_editions(): one Edition per distinct selection
headers.py    header lines, all made by one function that checks them
bodies.py     quoted-printable bodies with tokens left open
pictures.py   pictures within a mail
notices.py    mails to one person: to confirm, to welcome, with a link
messages.py   whole messages: encoded once, spliced per subscriber
people.py     names of authors in their parts, and in a byline
citations.py  papers as BibTeX and RIS
checks/       lint of an Edition: size, links, contrast, what mail clients support
"""
