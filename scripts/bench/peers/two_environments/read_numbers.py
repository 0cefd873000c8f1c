import sys

import numpy as np

np.save(sys.argv[2], np.loadtxt(sys.argv[1], delimiter=",", ndmin=2), allow_pickle=False)
