//! A small network learns to read digits from a larger one, on digits of which nobody says what they are.
//!
//! Beside it the same network learns from the few digits that have labels. The exit code is 1 if the teacher did not
//! help.

mod digits;

use digits::{HELD_OUT, Image, KNOWN, LABELS, UNLABELLED, image};
use std::process::ExitCode;

#[allow(unreachable_pub)]
mod teacher {
    include!(concat!(env!("OUT_DIR"), "/teacher.rs"));
}
use teacher::Teacher;

#[allow(unreachable_pub)]
mod student {
    include!(concat!(env!("OUT_DIR"), "/student.rs"));
}
use student::Student;

#[allow(unreachable_pub)]
mod classifier {
    include!(concat!(env!("OUT_DIR"), "/classifier.rs"));
}
use classifier::Classifier;

/// Times that every digit is looked at, and steps of the one that has fewer digits: as many as of the other.
const EPOCHS: usize = 40;
const STEPS: usize = EPOCHS * UNLABELLED.len();
const RATE: f32 = 0.003;

/// Falls to zero in the course of training.
fn rate(step: usize) -> f32 {
    RATE * (1.0 - step as f32 / STEPS as f32)
}

fn main() -> ExitCode {
    let mut teacher = Teacher::new();
    let (mut student, mut classifier) = (Student::new(), Classifier::new());
    let before = right(|image| argmax(student.run(image)));

    let mut loss = 0.0;
    for step in 0..STEPS {
        let image = image(&UNLABELLED[step % UNLABELLED.len()]);
        let scores = teacher.run(&image);
        let of_step = student.train_step(&image, scores, rate(step));
        loss += of_step / UNLABELLED.len() as f32;
        if (step + 1).is_multiple_of(10 * UNLABELLED.len()) {
            println!("after {STEPS:6} steps: loss {loss:.3}", STEPS = step + 1);
        }
        if (step + 1).is_multiple_of(UNLABELLED.len()) {
            loss = 0.0;
        }
    }
    for step in 0..STEPS {
        let index = step % KNOWN.len();
        classifier.train_step(&image(&UNLABELLED[index]), &[i32::from(KNOWN[index])], rate(step));
    }

    let taught = right(|image| argmax(student.run(image)));
    let from_labels = right(|image| argmax(classifier.run(image)));
    let of_teacher = right(|image| argmax(teacher.run(image)));
    let line = |who: &str, right: usize| {
        let of = HELD_OUT.len();
        println!("{who:<52} {right:3} of {of}, {:.1} %", 100.0 * right as f32 / of as f32);
    };
    println!("\nright, of digits that nobody has learned from:");
    line("teacher", of_teacher);
    line("student, before", before);
    line("student, from the teacher's scores of 600 digits", taught);
    line("student, from the labels of 100 of them", from_labels);
    if taught <= from_labels || taught < HELD_OUT.len() * 9 / 10 {
        eprintln!("the student has not learned from its teacher");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// How many of the digits are read right.
fn right(mut read: impl FnMut(&[f32; 64]) -> usize) -> usize {
    let digits: &[Image] = HELD_OUT;
    let each = digits.iter().zip(LABELS);
    each.filter(|(pixels, label)| read(&image(pixels)) == usize::from(**label))
        .count()
}

/// The digit with the highest score.
fn argmax(scores: &[f32; 10]) -> usize {
    (0..10).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0)
}
