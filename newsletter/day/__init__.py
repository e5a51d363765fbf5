"""Day: one issue, from settings and stages.

steps.py      run(): collect, draft, render, plan, send, on one page
given.py      what the steps get from outside: stores, folders, web, mail
intake.py     merges and saves the papers that sources show
readers.py    who gets the issue, in batches
drafts.py     make_draft(): all that an issue would be, before it is planned
figures.py    which papers have a figure
copying.py    copies the pictures of the papers that an issue will show
wording.py    which sentences a machine wrote for an edition
summaries.py  write_sentences(): has them written
pools.py      the papers to choose from, those of the day or of the week
forms.py      which edition a reader gets on a day: daily or weekly, whole or short, or none
selections.py which of the picks one reader gets
borders.py    finds the few papers that a step fails on, and leaves them out
explaining.py why one paper is in a mail, or not
letters.py    what editions and messages say about the newsletter and its reader
rendering.py  render(): writes the editions to the outbox, and to the spool for planning
proofs.py     the checks on an issue before anybody gets it
planning.py   the spool: keeps editions in files until the issue is planned
keeping.py    forget(): what was kept long enough goes
notices.py    what mails to one person say
personal.py   editions of single readers that are made when they are sent
mailroom.py   makes the messages for a batch of deliveries
sampling.py   sample_sources(): what a source would bring
querying.py   try_query(): which papers a topic would want
returns.py    read_returns(): mail that came back is read once, noted, and acted on
hooks.py      take_call(): the same for what a provider of mail tells
results.py    what the steps have done
trying.py     try_days(): what somebody would have got, before they subscribe
interests.py  read_interest(): what a stranger types → wishes
pieces.py     the parts of what a stranger types
strangers.py  what strangers bring, read within limits
teaching.py   which papers to ask a reader about, so that few answers teach most
asking.py     the papers to which somebody's yes or no tells most
titles.py     stored papers by their titles, and papers that are like one
"""
