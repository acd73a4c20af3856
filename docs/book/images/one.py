"""Draws a one on grey paper, as 64 by 64 pixels of red, green and blue bytes."""

import numpy as np

page = np.full((64, 64, 3), 230, np.uint8)
page[14:50, 29:35] = 30
page.tofile("one.rgb")
