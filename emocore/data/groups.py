"""Groups of texts that belong together, such as those of an author or a thread, and stay in one split.

Texts of one group resemble each other. A model that learned from some of them would be scored too well on the others,
so no group is divided (see `emocore.data.draw`); here is what a user should know of the groups.
"""


import pandas as pd

# With fewer, the spread between groups is hardly known.
FEWEST_GROUPS = 20
