"""Bad inputs, and what must hold whatever they are. `benchmarks/fuzz.py` is the way in.

nasty.py        values that have broken programs before
harms.py        what can be done with them to a JSON file or a path
bad_*.py        one kind of input each: a seeded generator that fills a box and says what to do in it
box.py          the folder of one case: a home, runs, settings and secrets of its own
traps.py        what must stay untouched: servers that must get no key, processes that must not be signalled
forks.py        the process that has done the imports and forks one for each step; pages_in_fork.py looks at pages
verdict.py      what one step must not do
campaign.py     cases one after the other, and the summary
"""
