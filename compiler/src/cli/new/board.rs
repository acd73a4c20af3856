use clap::ValueEnum;

/// What a project is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Board {
    /// A PC, a Raspberry Pi or another board with Linux
    #[default]
    Linux,
    /// Raspberry Pi Pico
    Rp2040,
    /// STM32F4 with 512 KB of flash and 128 KB of RAM, such as a Nucleo-F411RE
    Stm32f4,
    /// ESP32-C3
    Esp32c3,
}

/// What the project of a board consists of beside the model.
pub(super) struct Template {
    /// What it is, in a sentence.
    pub(super) about: &'static str,
    /// How the model is compiled. The budgets leave some of the board for the program and its stack.
    pub(super) flags: &'static [&'static str],
    /// The target to install; none where it is this machine.
    pub(super) triple: Option<&'static str>,
    pub(super) main: &'static str,
    pub(super) config: &'static str,
    /// What `Cargo.toml` depends on beside runtime-core.
    pub(super) dependencies: &'static str,
    /// The memory map, where the link script asks for one.
    pub(super) memory: Option<&'static str>,
    /// What running it takes and shows.
    pub(super) run: &'static str,
}

/// A file of the folder `templates`.
macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../../templates/", $name))
    };
}

pub(super) const README: &str = template!("README.md");

impl Board {
    pub(super) fn template(self) -> Template {
        match self {
            Self::Linux => LINUX,
            Self::Rp2040 => RP2040,
            Self::Stm32f4 => STM32F4,
            Self::Esp32c3 => ESP32C3,
        }
    }
}

const LINUX: Template = Template {
    about: "Linux",
    flags: &[],
    triple: None,
    main: template!("linux/main.rs"),
    config: template!("linux/config.toml"),
    dependencies: "",
    memory: None,
    run: "It says how long one inference takes. For a Raspberry Pi with a 64-bit system, from a PC:\n\n\
          ```sh\nrustup target add aarch64-unknown-linux-gnu\nsudo apt-get install gcc-aarch64-linux-gnu\n\
          cargo build --release --target aarch64-unknown-linux-gnu\n```",
};

const RP2040: Template = Template {
    about: "an RP2040",
    flags: &["--target", "cortex-m0plus", "--ram", "240K", "--flash", "1900K"],
    triple: Some("thumbv6m-none-eabi"),
    main: template!("rp2040/main.rs"),
    config: template!("rp2040/config.toml"),
    dependencies: template!("rp2040/dependencies.toml"),
    memory: Some(template!("rp2040/memory.x")),
    run: "This takes a debug probe, such as a second Pico, and `cargo install probe-rs-tools --locked`. It says whether \
          the self-test has passed.",
};

const STM32F4: Template = Template {
    about: "an STM32F4",
    flags: &["--target", "cortex-m4f", "--ram", "112K", "--flash", "448K"],
    triple: Some("thumbv7em-none-eabihf"),
    main: template!("stm32f4/main.rs"),
    config: template!("stm32f4/config.toml"),
    dependencies: template!("stm32f4/dependencies.toml"),
    memory: Some(template!("stm32f4/memory.x")),
    run: "This takes `cargo install probe-rs-tools --locked` and the probe that boards of ST have. It says whether the \
          self-test has passed. For another STM32F4 than an F411, write its memory into `memory.x` and its name into \
          `.cargo/config.toml`.",
};

const ESP32C3: Template = Template {
    about: "an ESP32-C3",
    flags: &["--target", "rv32imc", "--ram", "256K", "--flash", "3M"],
    triple: Some("riscv32imc-unknown-none-elf"),
    main: template!("esp32c3/main.rs"),
    config: template!("esp32c3/config.toml"),
    dependencies: template!("esp32c3/dependencies.toml"),
    memory: None,
    run: "This takes `cargo install espflash --locked` and a USB cable. It says whether the self-test has passed.",
};
