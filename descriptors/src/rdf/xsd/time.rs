//! Dates, times and durations of XML Schema.

use std::cmp::Ordering;

/// A point on the time line of its datatype.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moment {
    kind: &'static str,
    /// Seconds since 1970 as if the zone were UTC.
    seconds: i64,
    /// Digits after the point, without zeros at the end.
    fraction: String,
    /// Minutes east of UTC.
    zone: Option<i64>,
}

const ZONE_MAX_SECONDS: i64 = 14 * 3600;

impl Moment {
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.kind != other.kind {
            return None;
        }
        let order = |a: i64, b: i64| a.cmp(&b).then_with(|| self.fraction.cmp(&other.fraction));
        let utc = |moment: &Self| moment.seconds - moment.zone.unwrap_or(0) * 60;
        let (a, b) = (utc(self), utc(other));
        if self.zone.is_some() == other.zone.is_some() {
            return Some(order(a, b));
        }
        // The one without a zone could be anywhere within 14 hours.
        match a.abs_diff(b) > ZONE_MAX_SECONDS.unsigned_abs() {
            true => Some(order(a, b)),
            false => None,
        }
    }
}

/// The moment that `text` is; `None` when it is not one of the datatype.
pub(super) fn read(datatype: &str, text: &str) -> Option<Moment> {
    let mut rest = Rest(text);
    let (mut year, mut month, mut day) = (1972, 1, 1);
    let (mut seconds, mut fraction) = (0, "");
    let kind = match datatype {
        "dateTime" | "dateTimeStamp" => {
            (year, month, day) = (rest.year()?, rest.after("-")?.two()?, rest.after("-")?.two()?);
            (seconds, fraction) = rest.after("T")?.clock()?;
            "dateTime"
        }
        "date" => {
            (year, month, day) = (rest.year()?, rest.after("-")?.two()?, rest.after("-")?.two()?);
            "date"
        }
        "time" => {
            (seconds, fraction) = rest.clock()?;
            "time"
        }
        "gYear" => {
            year = rest.year()?;
            "gYear"
        }
        "gYearMonth" => {
            (year, month) = (rest.year()?, rest.after("-")?.two()?);
            "gYearMonth"
        }
        "gMonth" => {
            month = rest.after("--")?.two()?;
            "gMonth"
        }
        "gMonthDay" => {
            (month, day) = (rest.after("--")?.two()?, rest.after("-")?.two()?);
            "gMonthDay"
        }
        "gDay" => {
            day = rest.after("---")?.two()?;
            "gDay"
        }
        _ => return None,
    };
    let zone = rest.zone()?;
    let in_calendar = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !in_calendar || (datatype == "dateTimeStamp" && zone.is_none()) {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + seconds;
    Some(Moment { kind, seconds, fraction: fraction.trim_end_matches('0').to_owned(), zone })
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Proleptic Gregorian calendar; the year begins in March so that the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Whether `text` is a duration with the parts that its datatype allows.
pub(super) fn is_duration(datatype: &str, text: &str) -> bool {
    let Some(rest) = text.strip_prefix('-').unwrap_or(text).strip_prefix('P') else { return false };
    let (date, clock) = match rest.split_once('T') {
        Some((date, clock)) => (date, Some(clock)),
        None => (rest, None),
    };
    let (date_parts, clock_parts) = match datatype {
        "yearMonthDuration" => ("YM", ""),
        "dayTimeDuration" => ("D", "HMS"),
        _ => ("YMD", "HMS"),
    };
    let dates = parts(date, date_parts);
    let clocks = clock.map_or(Some(0), |clock| parts(clock, clock_parts).filter(|count| *count > 0));
    matches!((dates, clocks), (Some(dates), Some(clocks)) if dates + clocks > 0)
}

/// The number of parts, where they are all of `units` and in their order.
fn parts(text: &str, units: &str) -> Option<usize> {
    let (mut rest, mut left, mut count) = (text, units, 0);
    while !rest.is_empty() {
        let at = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit) = (&rest[..at], rest[at..].chars().next()?);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (unit != 'S' && number.contains('.')) {
            return None;
        }
        left = &left[left.find(unit)? + 1..];
        rest = &rest[at + 1..];
        count += 1;
    }
    Some(count)
}

/// What of a text is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn after(&mut self, mark: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(mark)?;
        Some(self)
    }

    fn digits(&mut self) -> &'a str {
        let (digits, rest) = self.0.split_at(self.0.bytes().take_while(u8::is_ascii_digit).count());
        self.0 = rest;
        digits
    }

    fn two(&mut self) -> Option<i64> {
        let digits = self.0.get(..2).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
        self.0 = &self.0[2..];
        digits.parse().ok()
    }

    /// At least four digits, no needless zero, and at most nine: no calendar goes further.
    fn year(&mut self) -> Option<i64> {
        let negative = self.after("-").is_some();
        let digits = self.digits();
        let fits = (4..=9).contains(&digits.len()) && (digits.len() == 4 || !digits.starts_with('0'));
        let year: i64 = digits.parse().ok().filter(|_| fits)?;
        Some(if negative { -year } else { year })
    }

    fn clock(&mut self) -> Option<(i64, &'a str)> {
        let (hour, minute, second) = (self.two()?, self.after(":")?.two()?, self.after(":")?.two()?);
        let fraction = match self.after(".") {
            Some(rest) => Some(rest.digits()).filter(|digits| !digits.is_empty())?,
            None => "",
        };
        let end_of_day = hour == 24 && minute == 0 && second == 0 && fraction.bytes().all(|b| b == b'0');
        let fits = (hour < 24 || end_of_day) && minute < 60 && second < 60;
        fits.then_some((hour * 3600 + minute * 60 + second, fraction))
    }

    /// The zone, and then nothing more.
    fn zone(&mut self) -> Option<Option<i64>> {
        match self.0 {
            "" => return Some(None),
            "Z" => return Some(Some(0)),
            _ => {}
        }
        let negative = self.0.starts_with('-');
        self.0 = self.0.strip_prefix(['+', '-'])?;
        let minutes = self.two()? * 60 + self.after(":")?.two().filter(|minutes| *minutes < 60)?;
        let fits = self.0.is_empty() && minutes <= 14 * 60;
        fits.then_some(Some(if negative { -minutes } else { minutes }))
    }
}
