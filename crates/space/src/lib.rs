//! A journal at work: the writer, the projector, the tails and the followers, as steps.
