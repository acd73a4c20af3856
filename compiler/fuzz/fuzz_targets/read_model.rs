//! Any bytes are a model or an error. From `compiler/`, with `cargo install cargo-fuzz` and some models to start from:
//!
//! ```sh
//! mkdir -p fuzz/corpus/read_model && cp path/to/small/*.onnx fuzz/corpus/read_model/
//! cargo +nightly fuzz run read_model -- -rss_limit_mb=2048 -timeout=5 -max_len=65536
//! ```
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = edgec::front::load::load_bytes(bytes, None) {
        for stored in &model.graph.initializer {
            let _ = edgec::front::load::tensor(stored, None);
        }
    }
});
