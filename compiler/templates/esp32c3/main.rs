//! Runs the self-test of the model on an ESP32-C3, and prints how it went.
#![no_std]
#![no_main]

mod model;

use esp_backtrace as _;
use esp_hal::main;
use esp_println::println;
use model::Model;
use static_cell::ConstStaticCell;

// What the boot loader of ESP-IDF reads.
esp_bootloader_esp_idf::esp_app_desc!();

/// In a `static`: the working memory is a part of it, and would be on the stack otherwise.
static MODEL: ConstStaticCell<Model> = ConstStaticCell::new(Model::new());

#[main]
fn main() -> ! {
    let _peripherals = esp_hal::init(esp_hal::Config::default());
    let model = MODEL.take();
    // One inference is `model.run(..)`: src/model.rs says what it takes and gives.
    match model.self_test() {
        Ok(()) => println!("self-test passed"),
        Err(wrong) => println!("self-test failed: output {} differs first at element {}", wrong.output, wrong.index),
    }
    loop {
        core::hint::spin_loop();
    }
}
