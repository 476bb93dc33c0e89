"""`python -m fndrec`."""

import sys

from fndrec.cli import main

sys.exit(main())
