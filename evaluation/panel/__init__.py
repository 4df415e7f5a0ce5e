"""From absence records to school days, pupil-weeks and cells."""
