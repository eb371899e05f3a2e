//! What all plots share: scales, even ones from zero and ones in powers of ten, and the frame of an SVG that suits light
//! and dark pages.

/// An even scale from zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruler {
    step: f64,
    steps: i32,
    at_zero: f64,
    at_end: f64,
}

impl Ruler {
    /// A ruler from zero that holds all values, with steps of 1, 2 or 5 times a power of ten; `None` without a positive
    /// value.
    pub(crate) fn up_to(values: impl IntoIterator<Item = f64>, at_zero: f64, at_end: f64) -> Option<Self> {
        let most = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        if most <= 0.0 {
            return None;
        }
        let power = 10_f64.powf((most / 6.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| most / step <= 6.0)?;
        Some(Self { step, steps: (most / step).ceil() as i32, at_zero, at_end })
    }

    /// Where a value stands.
    pub(crate) fn place(self, value: f64) -> f64 {
        self.at_zero + value / (self.step * f64::from(self.steps)) * (self.at_end - self.at_zero)
    }

    /// Its steps.
    pub(crate) fn ticks(self) -> impl Iterator<Item = f64> {
        (0..=self.steps).map(move |step| f64::from(step) * self.step)
    }
}

/// A scale in powers of ten between two places on the picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Powers of ten at its ends.
    from: i32,
    to: i32,
    at_from: f64,
    at_to: f64,
}

impl Scale {
    /// A scale with whole powers of ten at its ends that holds all values; `None` without a positive one.
    pub(crate) fn around(values: impl IntoIterator<Item = f64>, at_from: f64, at_to: f64) -> Option<Self> {
        let mut values = values.into_iter().filter(|value| *value > 0.0 && value.is_finite());
        let first = values.next()?;
        let (least, most) = values.fold((first, first), |(least, most), value| (least.min(value), most.max(value)));
        let (from, to) = (least.log10().floor() as i32, most.log10().ceil() as i32);
        Some(Self { from, to: to.max(from + 1), at_from, at_to })
    }

    /// Where a value stands.
    pub(crate) fn place(self, value: f64) -> f64 {
        let share = (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        self.at_from + share.clamp(0.0, 1.0) * (self.at_to - self.at_from)
    }

    /// The powers of ten.
    pub(crate) fn ticks(self) -> impl Iterator<Item = f64> {
        (self.from..=self.to).map(|power| 10_f64.powi(power))
    }
}

/// A power of ten as text.
pub(crate) fn tick_text(value: f64) -> String {
    if value < 1.0 {
        let decimals = usize::try_from(-value.log10().round() as i32).unwrap_or(0);
        return format!("{value:.decimals$}");
    }
    super::units::grouped(&format!("{value:.0}"))
}

/// The colours by what they stand for; on light and on dark pages.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:16px;font-weight:600}\
.small{font-size:12px;fill:#59636e}.grid{stroke:#d1d9e0;stroke-width:1}.frame{stroke:#818b98;stroke-width:1}\
.tidings{fill:#0969da}.socketioxide{fill:#bc4c00}.centrifugo{fill:#1a7f37}.node{fill:#57606a}\
.line{fill:none;stroke-width:2.5}.line.tidings{stroke:#0969da;fill:none}.line.socketioxide{stroke:#bc4c00;fill:none}\
.line.centrifugo{stroke:#1a7f37;fill:none}.line.node{stroke:#57606a;fill:none}.dashed{stroke-dasharray:6 4}.dotted{stroke-dasharray:2 3}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.small{fill:#9198a1}.grid{stroke:#3d444d}.frame{stroke:#656c76}\
.tidings{fill:#58a6ff}.socketioxide{fill:#f0883e}.centrifugo{fill:#3fb950}.node{fill:#b1bac4}\
.line.tidings{stroke:#58a6ff;fill:none}.line.socketioxide{stroke:#f0883e;fill:none}\
.line.centrifugo{stroke:#3fb950;fill:none}.line.node{stroke:#b1bac4;fill:none}}";

/// A picture with its title, what it shows in words, and its drawing.
pub(crate) fn picture(width: f64, height: f64, title: &str, words: &str, drawing: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title words\">\n<title id=\"title\">{title}</title>\n<desc id=\"words\">{words}</desc>\n\
         <style>{STYLE}</style>\n<text class=\"title\" x=\"16\" y=\"26\">{title}</text>\n{drawing}</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ruler_begins_at_zero_and_has_few_round_steps() {
        for (most, ticks) in
            [(22.0, "0 5 10 15 20 25"), (29.1, "0 5 10 15 20 25 30"), (0.3, "0 0.05 0.1 0.15 0.2 0.25 0.3")]
        {
            let ruler = Ruler::up_to([1e-3, most], 10.0, 110.0).unwrap();
            let texts: Vec<_> = ruler.ticks().map(|tick| format!("{}", (tick * 100.0).round() / 100.0)).collect();
            assert_eq!(texts.join(" "), ticks);
            assert!((ruler.place(0.0) - 10.0).abs() < 1e-9 && ruler.place(most) <= 110.0);
        }
        assert!(Ruler::up_to([0.0], 0.0, 1.0).is_none());
    }

    #[test]
    fn a_scale_holds_its_values_between_whole_powers_of_ten() {
        let scale = Scale::around([0.3, 21.0], 0.0, 300.0).unwrap();
        assert_eq!(scale.ticks().map(tick_text).collect::<Vec<_>>(), ["0.1", "1", "10", "100"]);
        assert!((scale.place(1.0) - 100.0).abs() < 1e-9);
        assert!(Scale::around([0.0], 0.0, 1.0).is_none());
        assert_eq!(Scale::around([10.0], 0.0, 1.0).unwrap().ticks().count(), 2);
    }
}
