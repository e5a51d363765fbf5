"""Preview: a local page that shows an issue before it is sent, and on which topics are tuned.

shown.py   what the page shows, and whom it asks
memory.py  issues as they were last loaded, edits that are tried, what editions showed
guards.py  who may write
texts.py   config files that are edited on the page
app.py     which answer each address gives
static.py  the preview as files, without a server
"""
