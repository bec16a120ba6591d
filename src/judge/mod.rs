//! Then-steps held against the timeline: verdicts, and why.
