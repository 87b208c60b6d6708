"""The box by the camera: frames, plates, reads, sealed spool, uplink."""
