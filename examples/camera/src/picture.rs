use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageReader, ImageResult, Limits, Pixel};
use std::path::Path;

/// The image that a model takes.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// What is taken from each channel, red, green and blue or grey, of pixels from 0 to 1.
    pub mean: &'static [f32],
    /// What the rest is divided by.
    pub deviation: &'static [f32],
}

/// Reads a picture and turns it as its EXIF data say.
///
/// # Errors
/// If the file cannot be read, is no picture of a kind that is known, or takes more than 512 MiB.
pub fn decode(path: &Path) -> ImageResult<DynamicImage> {
    let mut decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
    // A header may promise any size.
    Limits::default().reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

impl Input {
    /// The middle of a picture, as large as has the input's shape, in the input's size: rows of pixels, the channels of
    /// each together, normalised. Pixels are weighted means by distance, bilinear where the picture is smaller.
    pub fn of(&self, picture: DynamicImage) -> Vec<f32> {
        let bytes = if self.mean.len() == 1 {
            self.fitted(&picture.into_luma8())
        } else {
            self.fitted(&picture.into_rgb8())
        };
        let channels = self.mean.iter().zip(self.deviation).cycle();
        let pixels = bytes.into_iter().zip(channels);
        pixels
            .map(|(byte, (mean, deviation))| (f32::from(byte) / 255.0 - mean) / deviation)
            .collect()
    }

    fn fitted<P: Pixel<Subpixel = u8> + 'static>(&self, picture: &ImageBuffer<P, Vec<u8>>) -> Vec<u8> {
        let [x, y, width, height] = self.middle(picture.width(), picture.height());
        let middle = imageops::crop_imm(picture, x, y, width, height);
        imageops::resize(&*middle, self.width, self.height, FilterType::Triangle).into_raw()
    }

    /// Left, top, width and height of the largest part in the middle that has the input's shape.
    fn middle(&self, width: u32, height: u32) -> [u32; 4] {
        let scaled = |length: u32, by: u32, of: u32| {
            let length = u64::from(length) * u64::from(by) / u64::from(of);
            u32::try_from(length).unwrap_or(u32::MAX).max(1)
        };
        let wide = scaled(height, self.width, self.height).min(width);
        let high = scaled(width, self.height, self.width).min(height);
        [(width - wide) / 2, (height - high) / 2, wide, high]
    }
}

#[cfg(test)]
mod tests {
    use super::Input;
    use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};

    const COLOURS: Input = Input {
        width: 2,
        height: 2,
        mean: &[0.0, 0.5, 1.0],
        deviation: &[1.0, 0.5, 2.0],
    };
    const GREY: Input = Input {
        width: 4,
        height: 2,
        mean: &[0.0],
        deviation: &[1.0 / 255.0],
    };

    #[test]
    fn the_middle_has_the_shape_of_the_input() {
        assert_eq!(COLOURS.middle(320, 240), [40, 0, 240, 240]);
        assert_eq!(COLOURS.middle(240, 321), [0, 40, 240, 240]);
        assert_eq!(GREY.middle(320, 240), [0, 40, 320, 160]);
        assert_eq!(GREY.middle(1, 1000), [0, 499, 1, 1]);
        assert_eq!(GREY.middle(1, 1), [0, 0, 1, 1]);
        assert_eq!(COLOURS.middle(u32::MAX, u32::MAX)[2..], [u32::MAX; 2]);
    }

    #[test]
    fn channels_are_normalised_each_by_its_own_numbers() {
        let picture = RgbImage::from_pixel(7, 5, Rgb([255, 255, 0]));
        let pixels = COLOURS.of(DynamicImage::ImageRgb8(picture));
        assert_eq!(pixels, [1.0, 1.0, -0.5].repeat(4));
    }

    #[test]
    fn pixels_come_row_by_row_and_the_sides_are_cut_off() {
        // White outside of the middle, whose pixels count from 1 to 8.
        let picture = GrayImage::from_fn(8, 2, |x, y| match x {
            2..6 => Luma([(4 * y + x - 1) as u8]),
            _ => Luma([255]),
        });
        let pixels = GREY.of(DynamicImage::ImageLuma8(picture));
        let whole: Vec<f32> = pixels.iter().map(|pixel| pixel.round()).collect();
        assert_eq!(whole, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    }

    #[test]
    fn large_pictures_are_averaged_and_colours_become_grey() {
        // Stripes of black and white, one pixel wide: every pixel that is kept is between.
        let stripes = RgbImage::from_fn(80, 40, |x, _| Rgb([255 * (x % 2) as u8; 3]));
        let pixels = GREY.of(DynamicImage::ImageRgb8(stripes));
        assert_eq!(pixels.len(), 8);
        assert!(pixels.iter().all(|pixel| (pixel - 127.5).abs() < 6.0), "{pixels:?}");
    }
}
