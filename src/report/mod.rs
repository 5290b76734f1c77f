//! F4: what the headless commands print: the same world and the same readings as the screen, without logic of their own.
//!
//! Everything here is plain text or JSON: no colour, and no control characters, because whatever came from outside was
//! cleaned when it came in.

pub mod doctor;
pub mod journal;
pub mod keys;
pub mod pipeline_map;
pub mod policy;
pub mod preview;
pub mod status;
pub mod table;
