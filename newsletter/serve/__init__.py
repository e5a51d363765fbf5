"""Serve: pages for readers and editors. There is no script on the public pages.

given.py     what the pages are made from
app.py       which page answers which address
shell.py     what surrounds every page: headers, limits, who asks
forms.py     forms that people send, within limits
limits.py    how often strangers may ask
look.py      pages from templates
views.py     picks as pages show them
reading.py   a day's papers, weeks, months, topics, papers, the archive
feeds.py     Atom, JSON Feed, sitemap, robots.txt
searching.py papers by words and meaning
trying.py    what would have come, before one subscribes
joining.py   signing up, and confirming it
leaving.py   unsubscribing, with one click too
choosing.py  a reader's own pages: preferences, saved papers, data
feedback.py  more like this, less like this, save
hooks.py     what providers of mail tell: bounces and complaints
passwords.py the editors' password, as a hash
hosting.py   the site while it runs: settings, waiting mails, issues when they are due
listening.py the server, with clients that are too slow shut out
publishing.py the site as files, without a server
preview/     an issue before it goes out: widths, parts, scores, checks; its topics tuned
templates/   the HTML and style of the site (data, no code)
pages/       the HTML, style and script of the preview (data, no code)
"""
