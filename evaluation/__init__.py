"""The evaluation itself, pure: frames and a protocol in; frames, frozen results and text out."""
