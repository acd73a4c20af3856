//! The network that all clients train, with functions for C: `model.py` calls them.

mod digits {
    include!(concat!(env!("OUT_DIR"), "/digits.rs"));
}
mod digits_c {
    include!(concat!(env!("OUT_DIR"), "/digits_c.rs"));
}
