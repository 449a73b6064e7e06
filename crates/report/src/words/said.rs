//! Sentences of gates and verdicts, which the diagnosis writes in English, told in the other language by their patterns.

use super::{Lang, find};

/// Where a pattern has a figure or a name, and where a sentence.
const GAP: &str = "{}";
const INNER: &str = "{*}";

/// A reason or the detail of a gate in a language; what no pattern fits stays as it was written.
///
/// Stored results hold the English sentence: it is told anew wherever it is shown, old results included.
#[must_use]
pub fn said(lang: Lang, text: &str) -> String {
    match lang {
        Lang::En => text.to_owned(),
        Lang::ZhCn => sentences(text),
    }
}

/// Sentences joined by semicolons, some of which have one inside: the longest that fits comes first.
fn sentences(text: &str) -> String {
    let ends: Vec<usize> = text.match_indices("; ").map(|(at, _)| at).chain([text.len()]).collect();
    for end in ends.iter().rev() {
        let (head, rest) = text.split_at(*end);
        if let Some(told) = sentence(head) {
            return joined(told, rest);
        }
    }
    // Nothing fits the beginning: the first part stays, what follows may be known.
    let (head, rest) = text.split_at(ends.first().copied().unwrap_or(text.len()));
    joined(head.to_owned(), rest)
}

fn joined(told: String, rest: &str) -> String {
    match rest.strip_prefix("; ") {
        Some(rest) => format!("{told}；{}", sentences(rest)),
        None => told,
    }
}

fn sentence(text: &str) -> Option<String> {
    if let Some((gate, rest)) = text.split_once(": ")
        && let Some(name) = find(Lang::ZhCn, &format!("gate.{gate}"))
    {
        return Some(format!("{name}：{}", sentences(rest)));
    }
    SAID.iter().find_map(|(pattern, told)| Some(filled(told, &gaps(pattern, text)?)))
}

/// What stands in the gaps of a pattern, each as short as it can be; `None` where it does not fit.
fn gaps<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let (mut begin, mut next) = upto_gap(pattern);
    let mut left = text.strip_prefix(begin)?;
    let mut found = Vec::new();
    while let Some((kind, rest)) = next {
        (begin, next) = upto_gap(rest);
        let end = if next.is_none() { left.len().checked_sub(begin.len())? } else { left.find(begin)? };
        let (gap, behind) = left.split_at_checked(end)?;
        if kind == GAP && gap.contains("; ") {
            return None;
        }
        left = behind.strip_prefix(begin)?;
        found.push(gap);
    }
    left.is_empty().then_some(found)
}

/// The words before the first gap of a pattern, and the gap with what is behind it.
fn upto_gap(pattern: &str) -> (&str, Option<(&'static str, &str)>) {
    let first = [GAP, INNER].into_iter().filter_map(|kind| Some((pattern.find(kind)?, kind))).min();
    match first {
        None => (pattern, None),
        Some((at, kind)) => {
            let (words, rest) = pattern.split_at(at);
            (words, Some((kind, rest.strip_prefix(kind).unwrap_or_default())))
        }
    }
}

fn filled(told: &str, gaps: &[&str]) -> String {
    let mut out = told.to_owned();
    for (at, gap) in gaps.iter().enumerate() {
        // A gap may hold a sentence of its own.
        out = out.replace(&format!("{{{at}}}"), &sentences(gap));
    }
    out
}

/// Pattern in English, the same in Chinese with the gaps by their number. A pattern that begins like another comes before it where
/// it is the more particular one.
pub(super) const SAID: &[(&str, &str)] = &[
    ("{*} ({} % of the record looked at)", "{0}（已检查记录的 {1} %）"),
    ("every sample is a finite number", "所有样点均为有限数值"),
    ("{} samples are NaN or infinite", "{0} 个样点为 NaN 或无穷大"),
    ("{} of {} samples are not finite; they were taken as the mean", "{1} 个样点中有 {0} 个非有限值，已按平均值处理"),
    ("{} of {} samples are not finite; they were left out", "{1} 个样点中有 {0} 个非有限值，已剔除"),
    ("the record holds values that are not finite numbers", "记录中有非有限数值"),
    ("{} of {} samples at full scale ({} %)", "{1} 个样点中有 {0} 个达到满量程（{2} %）"),
    ("{} of {} samples piled up at the extreme values (flat tops)", "{1} 个样点中有 {0} 个堆积在极值（平顶）"),
    ("no flat tops; the file states no full scale", "无平顶；文件未给出满量程"),
    ("the record holds no samples", "记录中没有样点"),
    ("{} samples say nothing about ripple; {} are the least", "{0} 个样点不足以判断纹波，至少需要 {1} 个"),
    (
        "{} s is too short to see the mains or events; 40 ms or more would do",
        "{0} s 太短，无法判断工频与事件；需 40 ms 以上",
    ),
    ("{} s is too short to see the mains; 40 ms or more would do", "{0} s 太短，无法判断工频；需 40 ms 以上"),
    (
        "{} mains cycles: only even mains harmonics were fitted, the mains frequency is rough",
        "{0} 个工频周期：仅拟合偶次工频谐波，工频频率为粗略值",
    ),
    (
        "{} s: fewer than 10 mains cycles, mains lines are not separable from drift and load",
        "{0} s：不足 10 个工频周期，工频谱线无法与漂移和负载变化区分",
    ),
    ("{} samples, {} s", "{0} 个样点，{1} s"),
    (
        "only {} segments ({} independent averages): levels of weak lines are uncertain; take a longer record or a shorter transform",
        "仅 {0} 段（{1} 次独立平均）：弱谱线电平不确定；请延长记录或缩短变换",
    ),
    (
        "only {} independent averages: levels are uncertain; take a longer record or a shorter transform",
        "仅 {0} 次独立平均：电平不确定；请延长记录或缩短变换",
    ),
    (
        "{} s from {} s on, of {} s, were demodulated: the longest time that the carrier is on, or as much as is taken at once",
        "解调了全长 {2} s 中自 {1} s 起的 {0} s：载波持续最长的时段，或一次所取的长度",
    ),
    ("values are in {}, no volts per unit: add --scale", "数值单位为 {0}，无伏特换算：请加 --scale"),
    (
        "the file names no unit for {}: levels are relative; if they are volts, say --scale 1",
        "文件未给出 {0} 的单位：电平为相对值；若为伏特，请用 --scale 1",
    ),
    ("the file names no unit; its values are taken as volts", "文件未给出单位，数值按伏特处理"),
    ("levels are uncalibrated: relative to each other only, not dBm", "电平未校准：仅为相互相对值，不是 dBm"),
    ("levels are uncalibrated: relative to full scale, not dBm", "电平未校准：相对满量程，不是 dBm"),
    (
        "the capture does not say where its centre lies, so phase cannot be turned into seconds: add --center HZ",
        "采集未给出中心频率，相位无法换算成秒：请加 --center HZ",
    ),
    (
        "levels are nominal: files of DS1000Z lack the instrument's calibration, so that steps may be 15 % and the zero one division off; the CSV export of the same record has the true ones",
        "电平为标称值：DS1000Z 文件不含仪器校准，步进可能偏差 15 %，零点可能偏一格；同一记录的 CSV 导出为准确值",
    ),
    (
        "the time column has no unit: seconds are assumed; --rate says otherwise",
        "时间列无单位：按秒处理；可用 --rate 指定",
    ),
    (
        "{} reads as millivolts: as volts it would be {} divisions of {} V",
        "{0} 按毫伏读取：若为伏特，将达 {1} 格（每格 {2} V）",
    ),
    ("rows without values were left out: {} at the start, {} at the end", "已剔除无数值的行：开头 {0} 行，结尾 {1} 行"),
    ("{} bytes behind the channels (logic) were not read", "通道之后的 {0} 字节（逻辑数据）未读取"),
    ("each level is of many ({}): a trace of mean levels would lie lower", "每个电平取自多次（{0}）：平均电平会更低"),
    (
        "the level jumps between two states: no rail but a digital or switching waveform; use `transition`",
        "电平在两个状态间跳变：不是电源轨，而是数字或开关波形；请用 `transition`",
    ),
    ("its jumps are not listed as events", "其跳变不列为事件"),
    (
        "no ripple factor: the mean is below half the rms of the ripple, as of an AC-coupled input",
        "无纹波系数：平均值低于纹波有效值的一半，如交流耦合输入",
    ),
    (
        "a line at {} Hz holds much of the energy, too close to half the sample rate or too high to be called switching: record faster, or say --switching if it is",
        "{0} Hz 处的谱线占大部分能量，但过于接近采样率的一半或频率过高，不能认定为开关频率：请提高采样率，或用 --switching 指定",
    ),
    (
        "the parts hold {} of the whole energy: they are not independent here",
        "各分量合计为总能量的 {0} 倍：此处并不独立",
    ),
    (
        "no line stands out within 5 % of the given switching frequency of {} Hz",
        "在给定开关频率 {0} Hz 的 5 % 范围内没有突出的谱线",
    ),
    (
        "the supply shows no mains lines, no switching lines and no others that could be looked for",
        "电源中没有可查找的工频、开关或其他谱线",
    ),
    (
        "the RF record tells offsets of {} to {} Hz from the carrier; no line of the supply at multiples of {} Hz lies there: record longer, or at a higher rate",
        "射频记录可分辨距载波 {0} 至 {1} Hz 的偏移；其中没有 {2} Hz 倍频的电源谱线：请延长记录或提高采样率",
    ),
    (
        "the occupied band reaches to the edge of the record: it may be wider than that; capture at a higher rate, or give --span",
        "占用带宽到达记录边缘：实际可能更宽；请提高采样率，或用 --span 指定",
    ),
    (
        "the occupied bandwidth rests on the noise correction: {} Hz with it, {} Hz without; where the signal fills the record the second is the better bound; --span leaves noise out",
        "占用带宽取决于噪声修正：修正后 {0} Hz，未修正 {1} Hz；信号占满记录时以后者为准；--span 可排除噪声",
    ),
    (
        "the channel reaches beyond the edge of the record: its power is that of the part inside",
        "信道超出记录边缘：功率仅为其内部分",
    ),
    (
        "{} % of the power is a line at the tuned centre, as receivers make it; tune beside the channel",
        "{0} % 的功率是调谐中心处的谱线，为接收机所致；请偏离信道调谐",
    ),
    (
        "an edge of {} cannot be told from the record's own {} (0.35 / bandwidth): it is an upper bound",
        "{0} 的边沿无法与记录自身的 {1}（0.35 / 带宽）区分：该值为上限",
    ),
    ("{} edges, {} changes of a steady level", "{0} 个边沿，{1} 次稳态电平变化"),
    (
        "the level never changes: trigger on the event, with some record before and after it",
        "电平从未变化：请以事件触发，并保留其前后的记录",
    ),
    (
        "two levels within {}, but no whole edge between them: trigger on the event, with some record before and after it",
        "{0} 内有两个电平，但其间没有完整边沿：请以事件触发，并保留其前后的记录",
    ),
    (
        "the level has no two states and no step stands out of its {}: trigger on the event, with some record before and after it",
        "电平没有两个状态，{0} 中也没有突出的阶跃：请以事件触发，并保留其前后的记录",
    ),
    (
        "the carrier is only {} dB above the noise in {} Hz: frequency and phase break up; choose a narrower channel",
        "载波在 {1} Hz 内仅高出噪声 {0} dB：频率与相位不可靠；请选更窄的信道",
    ),
    (
        "the carrier is more than 20 dB down for {} % of the time: bursts or a suppressed carrier, which depth and deviation do not describe",
        "载波有 {0} % 的时间下降 20 dB 以上：突发或抑制载波，深度与频偏不适用",
    ),
    (
        "the envelope rises {} % above its mean and falls only {} % below it: pulses or noise, which have no AM depth; cut out a steady part with --start and --duration, or choose the channel with --bandwidth",
        "包络高出平均 {0} %，而仅低于平均 {1} %：脉冲或噪声，无调幅深度；请用 --start 与 --duration 截取稳定部分，或用 --bandwidth 选择信道",
    ),
    (
        "the vector error is too large for decisions to be right: it is a lower bound; check symbol rate, constellation and roll-off",
        "矢量误差过大，判决不可靠：该值为下限；请检查符号率、星座图与滚降系数",
    ),
    (
        "parts of the spectrum are filled by a modulated signal: {} lines up to {} dB above their surroundings there count as its own; a spur weaker than that would be hidden",
        "部分频谱被调制信号占据：其中高出周围至多 {1} dB 的 {0} 条谱线计为信号自身；更弱的杂散会被掩盖",
    ),
    (
        "the carrier is modulated and fills {} to {} Hz: {} lines inside belong to it, levels are relative to its whole power, THD, SNR and SINAD do not apply",
        "载波经调制，占据 {0} 至 {1} Hz：其中 {2} 条谱线属于它，电平相对其总功率，THD、SNR 与 SINAD 不适用",
    ),
    (
        "besides the carrier {} bands are filled, the strongest {} to {} Hz at {} dBc: modulated signals or humps of noise, which are no lines and not listed; `channel` measures them",
        "除载波外有 {0} 个频带被占据，最强的为 {1} 至 {2} Hz，{3} dBc：调制信号或噪声包，不是谱线，未列出；可用 `channel` 测量",
    ),
    (
        "the strongest line is one of many of about its level, none far above its surroundings: subcarriers of a modulated signal, so that there is no carrier to refer to",
        "最强谱线只是许多同级谱线之一，均不突出：为调制信号的子载波，没有可参照的载波",
    ),
    ("{} such lines are left out", "已剔除 {0} 条此类谱线"),
    ("no line within {} Hz of the carrier frequency asked for", "在所要求载波频率的 {0} Hz 内没有谱线"),
    (
        "no line stands out: the carrier is the top of a broad hump, its level that in one resolution bandwidth",
        "没有突出的谱线：载波取宽峰顶部，电平为一个分辨率带宽内的值",
    ),
    ("{} lines found, the {} strongest are listed", "找到 {0} 条谱线，列出最强的 {1} 条"),
    (
        "two equal carriers: SFDR, SNR, SINAD and THD count the second one as a spur of the first",
        "两个等幅载波：SFDR、SNR、SINAD 与 THD 将第二个计为第一个的杂散",
    ),
    (
        "the file holds levels over frequency: distortion, noise, effective bits and bursts need the samples",
        "文件只含频率上的电平：失真、噪声、有效位数与突发需要样点",
    ),
    (
        "a second carrier stands about {} Hz beside it, {} dB lower: phase and amplitude beat; end below it with --to, or filter it out",
        "旁边约 {0} Hz 处有第二载波，低 {1} dB：相位与幅度互拍；请用 --to 截止于其下，或滤除",
    ),
    (
        "the amplitude varies by {} % rms: a modulated carrier, or fading",
        "幅度变化 {0} %（有效值）：载波经调制，或有衰落",
    ),
    (
        "a tone of {} Hz turns the phase by {} rad: the carrier is modulated, switch the modulation off",
        "{0} Hz 的音调使相位摆动 {1} rad：载波经调制，请关闭调制",
    ),
    (
        "from {} Hz on the trace is the record's own white noise ({} dBc/Hz), which amplitude and phase share: the carrier's noise is lower than shown",
        "自 {0} Hz 起为记录自身的白噪声（{1} dBc/Hz），幅度与相位共有：载波噪声低于所示",
    ),
    (
        "the record covers offsets from {} to {} Hz, not all of the band asked for: what is integrated is a part of it; take a longer record for lower offsets, a higher rate for higher ones",
        "记录覆盖 {0} 至 {1} Hz 的偏移，并非所要求的全部：仅积分其中一部分；更低偏移需更长记录，更高偏移需更高采样率",
    ),
    (
        "the strongest line is only {} dB above the noise in {} Hz: too little to follow its phase",
        "最强谱线在 {1} Hz 内仅高出噪声 {0} dB：不足以跟踪其相位",
    ),
    (
        "the strongest signal's amplitude varies by {} % rms: noise, a wideband signal or a keyed carrier, whose phase is no carrier's; name the carrier with --carrier, or cut out a steady part with --start",
        "最强信号的幅度变化 {0} %（有效值）：噪声、宽带信号或键控载波，其相位不是载波相位；请用 --carrier 指定载波，或用 --start 截取稳定部分",
    ),
    ("no line found; the value is the weakest line that would have been", "未发现谱线；数值为可发现的最弱谱线"),
    ("no line found, but only lines above {} would have been seen", "未发现谱线，但只有高于 {0} 的谱线才能被发现"),
    ("no reading '{}' in this record: {*}", "此记录没有读数“{0}”：{1}"),
    ("no reading '{}' in this record", "此记录没有读数“{0}”"),
    ("there is no reading '{}'", "没有读数“{0}”"),
    (
        "the reading is in {}, the limit in {}: the record has no such calibration",
        "读数单位为 {0}，限值单位为 {1}：记录没有此项校准",
    ),
    (
        "levels are in {}, the mask in {}: the record has no such calibration",
        "电平单位为 {0}，模板单位为 {1}：记录没有此项校准",
    ),
    ("the record does not reach that far", "记录未达到该范围"),
    ("the reading is not a finite number", "读数不是有限数值"),
    (
        "nothing says how accurate the receiver's frequency reference is: give --reference-ppm",
        "未说明接收机频率基准的准确度：请用 --reference-ppm 给出",
    ),
    ("the clause asks for {}, the record reaches {}", "条款要求 {0}，记录只到 {1}"),
    ("no mask was measured", "未测量模板"),
    ("the mask {} was measured instead", "测量的是模板 {0}"),
    ("the alternative holds; {} cannot be judged", "替代限值满足；{0} 无法判定"),
    ("the alternative holds; {} {} is outside", "替代限值满足；{0} 为 {1}，超限"),
    (
        "{} is outside, but the clause is also met by an alternative that could not be judged: {*}",
        "{0} 超限，但条款允许的替代限值无法判定：{1}",
    ),
    ("the clause is also met by an alternative that could not be judged: {*}", "条款允许的替代限值无法判定：{0}"),
    ("the limit ships disabled, its figure is uncertain: {*}", "该限值默认停用，数值未核实：{0}"),
    ("the limit ships disabled, its figure is uncertain", "该限值默认停用，数值未核实"),
    ("the limit ships disabled, it is switched off in its pack: {*}", "该限值在其限值包中停用：{0}"),
    ("the limit ships disabled, it is switched off in its pack", "该限值在其限值包中停用"),
    (
        "the capture does not say what frequency it was tuned to: give --center",
        "采集未给出调谐频率：请用 --center 给出",
    ),
    ("the file does not state its resolution bandwidth", "文件未给出分辨率带宽"),
    ("the record covers {} to {} of it", "记录只覆盖其中 {0} 至 {1}"),
    (
        "the resolution of {} does not suit the clause's {}: the level may be up to {}, or lower",
        "{0} 的分辨率带宽不符合条款的 {1}：电平至多为 {2}，也可能更低",
    ),
    (
        "inside by {} dB where the record reaches, {} to {} of {}; the rest is not covered",
        "记录覆盖的范围（{3} 中的 {1} 至 {2}）内有 {0} dB 余量；其余未覆盖",
    ),
    (
        "levels are in {}, the line is in {}: the record has no such calibration",
        "电平单位为 {0}，限值线单位为 {1}：记录没有此项校准",
    ),
    ("the line leaves the operating band out: say which with --band", "限值线不含工作频段：请用 --band 给出"),
    (
        "the line leaves the carrier out: say its necessary bandwidth with --bandwidth",
        "限值线不含载波：请用 --bandwidth 给出必要带宽",
    ),
    ("no capture of the role '{}' was given", "未提供角色“{0}”的采集"),
    ("{} of {} captures of the role '{}' were given", "角色“{2}”需要 {1} 个采集，只提供了 {0} 个"),
    ("no step of the plan measures {} of the role '{}'", "计划中没有步骤对角色“{1}”测量 {0}"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_kept_and_sentences_inside_others_are_told_too() {
        let zh = |text: &str| said(Lang::ZhCn, text);
        assert_eq!(
            zh("the clause asks for 20.000 MHz, the record reaches 5.0000 MHz"),
            "条款要求 20.000 MHz，记录只到 5.0000 MHz"
        );
        assert_eq!(said(Lang::En, "the record does not reach that far"), "the record does not reach that far");
        assert_eq!(
            zh("every sample is a finite number (43.10 % of the record looked at)"),
            "所有样点均为有限数值（已检查记录的 43.10 %）"
        );
        // A semicolon inside one sentence, and another sentence after it.
        assert_eq!(
            zh("no flat tops; the file states no full scale; 12 lines found, the 10 strongest are listed"),
            "无平顶；文件未给出满量程；找到 12 条谱线，列出最强的 10 条"
        );
        assert_eq!(
            zh("clipping: 12001 of 2097152 samples at full scale (0.5723 %)"),
            "削波：2097152 个样点中有 12001 个达到满量程（0.5723 %）"
        );
        // What nobody knows stays; what follows is told.
        assert_eq!(zh("a new sentence; no mask was measured"), "a new sentence；未测量模板");
        assert_eq!(zh(""), "");
    }

    #[test]
    fn both_languages_have_the_same_gaps() {
        for (pattern, told) in SAID {
            let count = pattern.matches(GAP).count() + pattern.matches(INNER).count();
            for at in 0..count {
                assert!(told.contains(&format!("{{{at}}}")), "{pattern}: {at}");
            }
            assert!(!told.contains(&format!("{{{count}}}")), "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_told_without_an_end_to_it(text in "[ -~;：；{}]{0,200}") {
            let told = said(Lang::ZhCn, &text);
            proptest::prop_assert!(told.len() <= 4 * text.len() + 400);
        }
    }
}
