//! What all HTML pages look like.

/// The style sheet of every page: one palette, light and dark, one header (`header.page` with a `h1`), and print. `--v0` to `--v9`
/// are the colours of variants, `--entity`, `--pos`, `--word`, `--span` and `--token` those of masked units. No font and no picture is loaded.
pub const PAGE_STYLE: &str = include_str!("page.css");

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of a colour such as `#1d2733` (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let digits = colour.trim_start_matches('#');
        let digits = if digits.len() == 3 { digits.chars().flat_map(|c| [c, c]).collect() } else { digits.to_owned() };
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The value of a variable in one of the two palettes.
    fn value(palette: &str, name: &str) -> String {
        let from = palette.find(&format!("--{name}: ")).unwrap() + name.len() + 4;
        palette[from..].split([';', ' ']).next().unwrap().to_owned()
    }

    #[test]
    fn text_stands_out_from_what_is_behind_it_in_light_and_dark() {
        let (light, dark) = PAGE_STYLE.split_once("prefers-color-scheme: dark").unwrap();
        for palette in [light, dark] {
            let of = |name: &str| value(palette, name);
            for ground in ["ground", "card"] {
                for text in ["ink", "soft", "link", "good", "worse", "doubt"] {
                    assert!(contrast(&of(text), &of(ground)) >= 4.5, "{text} on {ground}");
                }
                for colour in 0..10 {
                    assert!(contrast(&of(&format!("v{colour}")), &of(ground)) >= 3.0, "v{colour} on {ground}");
                }
            }
            for fill in ["mark", "mark-soft", "entity", "pos", "word", "span", "token"] {
                assert!(contrast(&of("ink"), &of(fill)) >= 4.5, "ink on {fill}");
            }
        }
    }
}
