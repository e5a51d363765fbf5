"""Files: read and written safely, below all stages.

reading.py read_regular(): regular files only, so many bytes at most
writing.py write(): whole files or none, private unless they are meant for everybody
"""
