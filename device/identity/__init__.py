"""Who the driver is, by the face: templates, enrolment, recognition. For comfort, never for access."""
