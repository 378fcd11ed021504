"""The face network: 478 mesh points and the presence of a face from one grey 112x112 crop."""
