"""What the identity network takes and gives, and how a face lies in its crop. No torch: boards read it.

A similarity (shift, turn, one scale) brings five places of the face as near as it can to five places of the crop: the
middle of each eye's corners, the tip of the nose and the corners of the mouth. Eyelids and irises have no say, for they
move; nose and mouth keep the scale right where the head is turned and the eyes come close together.
"""

from __future__ import annotations

CROP_PX = 112
EMBEDDING_SIZE = 128
LEAST_SPREAD = 8.0
"""Grey levels; a crop with a smaller deviation is not stretched any further."""

ANCHORS = ((33, 133), (263, 362), (4,), (61,), (291,))
"""Points of the mesh whose mean is each place: the person's right eye, left eye, nose tip, right and left corner of the
mouth. All are among the first 468."""
PLACES_PX = ((37.0, 38.0), (75.0, 38.0), (56.0, 59.6), (40.3, 81.7), (71.7, 81.7))
"""Where they lie in the crop, in pixels from the middle of its first pixel; the person's right eye lies on the left.
Their shape is that of ArcFace (Deng et al., CVPR 2019), with both sides made equal; the crop lies lower, so that it
holds the chin, as the teacher's does."""
