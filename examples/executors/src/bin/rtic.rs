//! RTIC: the model is a local resource of a task of low priority, which the interrupt that brings images preempts.
#![no_std]
#![no_main]

use lm3s6965 as _;

// UART1 and SSI0 lend their interrupts to the tasks: this board has nothing behind them.
#[rtic::app(device = lm3s6965, peripherals = false, dispatchers = [UART1, SSI0])]
mod app {
    use executors::{DigitsInt8, Pixels, Reader, best, photographs};

    /// The image that the sensor has brought, until the model has taken it.
    #[shared]
    struct Shared {
        image: Option<Pixels>,
    }

    #[local]
    struct Local {}

    #[init]
    fn init(_: init::Context) -> (Shared, Local) {
        rtic::pend(lm3s6965::Interrupt::GPIOA);
        (Shared { image: None }, Local {})
    }

    // ANCHOR: model
    /// The model, its arena included, is in a static that this task alone has. It computes to its end, and whatever has
    /// a higher priority comes in between.
    #[task(priority = 1, shared = [image], local = [model: DigitsInt8 = DigitsInt8::new()])]
    async fn infer(mut cx: infer::Context) {
        // The lock is held for as long as copying takes, not for the inference.
        let image = cx.shared.image.lock(Option::take);
        if let Some(image) = image {
            let scores = cx.local.model.run(&image);
            let _ = show::spawn(best(scores));
        }
    }
    // ANCHOR_END: model

    /// Stands for the interrupt of a sensor. It brings the next image once the last one has been read.
    #[task(binds = GPIOA, priority = 2, shared = [image], local = [next: usize = 0])]
    fn sensor(mut cx: sensor::Context) {
        if let Some(image) = photographs().nth(*cx.local.next) {
            *cx.local.next += 1;
            cx.shared.image.lock(|place| *place = Some(*image));
            let _ = infer::spawn();
        }
    }

    #[task(priority = 1, local = [reader: Reader = Reader::new()])]
    async fn show(cx: show::Context, digit: usize) {
        cx.local.reader.take(digit);
        rtic::pend(lm3s6965::Interrupt::GPIOA);
    }
}
