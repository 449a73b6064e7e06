//! The words of the app's own controls, in English and Simplified Chinese; the diagnosis' terms come from the report room.

use faultscope_door::paper::Lang;

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        /// One text of the interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the table below says what each one reads")]
        pub(crate) enum Word { $($name),* }

        impl Word {
            /// Every text, for the tests.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The text in a language.
            pub(crate) const fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$name, Lang::En) => $en, (Self::$name, Lang::ZhCn) => $zh,)*
                }
            }
        }
    };
}

words! {
    Captures: "Captures", "采集文件";
    OpenFile: "Open file", "打开文件";
    PathHint: "path of a capture, or sim:model", "采集文件路径，或 sim:模型名";
    PathLabel: "Path of a capture", "采集文件路径";
    Simulate: "Simulate", "模拟采集";
    SimulateTip: "Open a simulated capture of a known fault", "打开已知故障的模拟采集";
    Samples: "Samples", "示例";
    SamplesTip: "Open the captures of the worked example", "打开示例采集文件";
    Connect: "Connect", "连接";
    ConnectTip: "Connect to a live source: a dongle, an instrument, or a simulated one", "连接实时信号源：接收棒、仪器或模拟仪器";
    ConnectAddress: "The address typed beside this", "旁边输入的地址";
    DevicesShow: "Devices", "设备列表";
    DevicesTitle: "What can be connected", "可连接的设备";
    DevicesLook: "Looking for devices", "查找设备";
    DevicesRefresh: "Look again", "重新查找";
    DevicesRecent: "Used before", "曾用地址";
    DevicesSimulated: "Simulated", "模拟仪器";
    DevicesNone: "No serial port and no known radio is connected to this computer.", "本机未连接串口设备或已知的无线电接收设备。";
    DevicesNoneHow: "Plug it in, check cable and driver, then look again. Instruments in the network are not searched for: type their address above.", "请插入设备，检查线缆和驱动后重新查找。网络仪器不会自动搜索：请在上方输入地址。";
    DevicesQuiet: "Looking sends nothing to an instrument and opens no port.", "查找时不会向仪器发送任何内容，也不会打开端口。";
    DeviceReady: "ready", "可用";
    DeviceBusy: "in use", "被占用";
    DeviceDenied: "no permission", "无权限";
    DeviceUnsupported: "not usable yet", "暂不可用";
    DeviceBusyHow: "Close the program that uses it.", "请关闭占用该设备的程序。";
    DeviceDeniedHow: "This user may not open the port; give permission, then plug the device in again.", "当前用户无权打开该端口：请授予权限后重新插入设备。";
    DeviceUnsupportedHow: "A driver, a server or a feature of this build is missing.", "缺少驱动、服务程序或本程序的功能。";
    DeviceAs: "Connect as", "连接为";
    DeviceComplete: "Complete the address", "补全地址";
    DriverScope: "oscilloscope", "示波器";
    DriverTinySa: "tinySA (give start and stop)", "tinySA（需填写起止频率）";
    DriverNanoVna: "NanoVNA (give start and stop)", "NanoVNA（需填写起止频率）";
    DriverMeter: "multimeter", "万用表";
    DriverSupply: "supply (reads only)", "电源（只读取）";
    DriverLoad: "electronic load (reads only)", "电子负载（只读取）";
    DriverLines: "board that prints numbers", "输出数值的电路板";
    SimDongle: "Simulated dongle behind its server: failing transmitter", "经服务器的模拟接收棒：故障发射机";
    SimScope: "Simulated oscilloscope: failing supply", "模拟示波器：故障电源";
    SimTinySa: "Simulated tinySA: failing transmitter", "模拟 tinySA：故障发射机";
    SimSupply: "Simulated supply: readings of a healthy rail", "模拟电源：正常电压读数";
    LiveTxGood: "Simulated dongle: healthy transmitter", "模拟接收棒：正常发射机";
    LiveTxBad: "Simulated dongle: failing transmitter", "模拟接收棒：故障发射机";
    LiveSupplyBad: "Simulated probe: failing supply", "模拟探头：故障电源";
    LiveSource: "Live source", "实时信号源";
    Connecting: "connecting", "连接中";
    Running: "running", "运行中";
    Silent: "no samples", "无样点";
    EndedLive: "disconnected", "已断开";
    GoneLive: "gone", "已失联";
    Disconnect: "Disconnect", "断开";
    ConnectAgain: "Connect again", "重新连接";
    CloseLive: "Close live source", "关闭实时信号源";
    Pause: "Pause", "暂停";
    GoOn: "Go on", "继续";
    Pin: "Pin", "固定";
    PinTip: "Write the last seconds to a file and open it as a capture", "将最近数秒写入文件并作为采集打开";
    Pinned: "Pinned:", "已固定：";
    PinWhyNot: "Nothing has come yet", "尚无样点";
    NoStoreYet: "The store is not open yet, so that there is no place for pins.", "工单库尚未打开，无法固定。";
    ReadOnce: "Read once", "读取一次";
    ReadOn: "Read again and again", "连续读取";
    ReadStop: "Stop reading", "停止读取";
    ReadingNow: "reading", "读取中";
    ReadFailed: "no answer", "无应答";
    ReadTrying: "The last record did not come; it is tried again each second until the instrument is back.", "上一条记录未取得；将每秒重试，直到仪器恢复。";
    ReadAgainHow: "The last record did not come. Check cable and instrument, then read again: it is connected anew.", "上一条记录未取得。请检查线缆和仪器后重新读取：将重新建立连接。";
    ReadNothing: "Nothing was read yet: this instrument gives one record at a time. Read once, or again and again.", "尚未读取：该仪器每次给出一条记录。请读取一次或连续读取。";
    ReadFailures: "failed", "失败";
    RecordCount: "records", "记录数";
    PointCount: "points", "点";
    NoWaveform: "This file holds a spectrum, not samples: there is no waveform.", "此文件只含频谱而无样点：没有波形。";
    HoldMax: "Max hold", "最大保持";
    HoldMin: "Min hold", "最小保持";
    Peak: "Peak", "峰值";
    NextPeak: "Next peak", "下一峰值";
    SecondMarker: "Second marker", "第二标记";
    ClearMarkers: "Clear markers", "清除标记";
    MarkerTip: "A click in the spectrum puts the first marker, with Shift the second", "在频谱中单击放置第一标记，按住 Shift 放置第二标记";
    MarkerHint: "click: marker", "单击：标记";
    ClearHold: "Clear hold", "清除保持";
    Lost: "lost", "丢失";
    Gaps: "gaps", "间断";
    Clipped: "at full scale", "满量程";
    Kept: "kept", "已保留";
    Waterfall: "Waterfall", "瀑布图";
    Ripple: "Ripple", "纹波";
    RippleParts: "Energy of the ripple", "纹波能量构成";
    RippleLines: "Lines of the ripple", "纹波谱线";
    RippleEvents: "Events", "事件";
    NoEvents: "No sag, step or drop-out was found.", "未发现跌落、阶跃或掉电。";
    Spikes: "spikes", "尖峰";
    Modulation: "Modulation", "调制";
    ModulationNot: "This capture was not measured as a modulated carrier.", "此采集未按调制载波测量。";
    ModulationMeasure: "Measure the modulation", "测量调制";
    MeasureAgain: "Measure", "测量";
    ModulationFailed: "The modulation could not be measured: the reason stands below. Change the settings above and measure again.", "无法测量调制：原因见下方。请修改上方设置后重新测量。";
    ModulationDigital: "For the constellation and the vector error give symbol rate and constellation.", "要显示星座图和误差矢量，请填写符号率和星座。";
    ModulationDoubtful: "The error is too large for decisions to be right: it is a lower bound. Check symbol rate, constellation and roll-off.", "误差过大，判决可能有误：结果仅为下限。请检查符号率、星座和滚降系数。";
    SymbolRate: "Symbol rate", "符号率";
    Constellation: "Constellation", "星座图";
    NoConstellation: "analogue", "模拟调制";
    RollOff: "Roll-off", "滚降系数";
    Nominal: "Nominal", "标称频率";
    VectorError: "Error of each symbol", "各符号误差";
    AmplitudeCourse: "Amplitude (AM)", "幅度 (AM)";
    FrequencyCourse: "Frequency (FM)", "频率 (FM)";
    Persistence: "Persistence", "余辉";
    PersistenceTip: "How often each level occurred: rare ones stay visible", "各电平出现的频度：偶发信号保持可见";
    Comparison: "Comparison", "对比";
    Against: "Compare with", "对比基准";
    AgainstNothing: "nothing", "无";
    AgainstTyped: "The reference whose path is typed above", "上方输入路径的基准文件";
    ComparisonWaiting: "The capture is being held against the other one.", "正在与基准对比。";
    ComparisonUnjudged: "Between two captures only noise is allowed: differences are shown, not judged.", "两次采集之间仅容许噪声差异：只显示差异，不作判定。";
    Differences: "Differences", "差异";
    NoDifferences: "Nothing differs by more than chance allows.", "没有超出偶然范围的差异。";
    Reference: "Reference", "基准";
    Present: "This capture", "本次采集";
    Change: "Change", "变化";
    Chance: "Chance", "偶然概率";
    Trend: "Trend", "趋势";
    TrendWaiting: "The readings are being followed.", "正在计算趋势。";
    TrendMoves: "moves", "有趋势";
    TrendSteady: "no trend", "无趋势";
    TrendChance: "chance", "偶然概率";
    TrendReading: "Reading to follow", "跟踪的测量项";
    TrendStep: "captures, in their order", "采集（按顺序）";
    TrendDays: "days after the first capture", "首次采集后的天数";
    TrendHours: "hours after the first capture", "首次采集后的小时数";
    Procedure: "Procedure", "检测流程";
    ProcedureTip: "Go through a check plan step by step", "按检测计划逐步进行";
    ProcedureGoOn: "Go on with it", "继续当前流程";
    ProcedureVisit: "Base-station visit", "基站巡检";
    ProcedureTyped: "The plan whose path is typed beside this", "旁边输入路径的计划文件";
    ProcedureConnect: "Connect", "连接";
    ProcedureSet: "Set", "设置";
    ProcedureCapture: "Use a capture", "选用采集";
    ProcedureNone: "Open or record a capture for this step first.", "请先为此步骤打开或录制采集。";
    ProcedureTake: "Take away", "移除";
    ProcedureOpen: "not evaluated: no capture was given", "未评定：尚未选用采集";
    ProcedureRunning: "being checked", "检测中";
    ProcedureAttach: "Attach all to the case", "全部附加到工单";
    ProcedureAttachWhyNot: "Open a case, and give at least one step a capture", "请先打开工单，并至少为一个步骤选用采集";
    ProcedureHide: "Back to the captures", "返回采集";
    ProcedureVerdict: "Of the whole procedure", "整个流程";
    AskTitle: "This connection sets hardware", "此连接会改变硬件设置";
    AskConnect: "Connect and set it", "连接并设置";
    AskLeave: "Do not connect", "不连接";
    RiskBiasTee: "The bias tee puts a DC voltage on the antenna connector: it can destroy what is connected there.", "偏置 T 将直流电压加到天线接口：可能损坏所接设备。";
    RiskSupplyOn: "The supply's output is switched on with the written voltage and current.", "将按写明的电压和电流打开电源输出。";
    RiskLoadOn: "The load draws the written current from what is connected.", "负载将从所接设备吸取写明的电流。";
    LiveTable: "Readings", "测量值";
    LiveTableWaiting: "The first measurement is under way.", "正在进行首次测量。";
    LiveTableNone: "No measurement fits values without a unit.", "数值无单位，没有适用的测量。";
    ClearTable: "Begin anew", "重新统计";
    Now: "now", "当前";
    Mean: "mean", "平均";
    Least: "min", "最小";
    Most: "max", "最大";
    Fails: "fails", "不合格次数";
    BackIn: "Seconds ago", "回看秒数";
    BackNow: "Now", "实时";
    LimitTip: "Type a limit on this reading", "为此测量项输入限值";
    LowerBound: "Lower bound", "下限";
    UpperBound: "Upper bound", "上限";
    SetLimit: "Judge by it", "按此判定";
    SetLimitTip: "50m, 50 mV or -60; nothing takes the limit away", "如 50m、50 mV 或 -60；留空则取消限值";
    Measure: "Measure as", "测量方式";
    Glimpse: "samples of the record; the whole is being read", "记录的抽样；正在读取全部";
    NextPicture: "Next picture", "下一个图形";
    LiveWaiting: "Waiting for samples: the picture appears as soon as enough have come.", "等待样点：足够后即显示图形。";
    Supply: "DC supply", "直流电源";
    Transmit: "Transmitter", "发射机";
    Receive: "Receiver artefacts", "接收机自身";
    EmptyTitle: "No capture is open", "未打开采集文件";
    EmptyWhy: "There is nothing to show yet because no capture has been opened.", "尚未打开任何采集文件，因此没有可显示的内容。";
    EmptyHow: "Drop files onto this window, type a path above, or try a simulated capture:", "请将文件拖入本窗口，在上方输入路径，或试用模拟采集：";
    EmptyFormats: "SigMF, WAV, raw I/Q and oscilloscope CSV are read.", "可读取 SigMF、WAV、原始 I/Q 以及示波器 CSV 文件。";
    DropHere: "Drop the files to open them", "松开鼠标以打开文件";
    SimSupplyBad: "Simulated: failing supply", "模拟：故障电源";
    SimSupplyGood: "Simulated: healthy supply", "模拟：正常电源";
    SimTxBad: "Simulated: failing transmitter", "模拟：故障发射机";
    SimTxGood: "Simulated: healthy transmitter", "模拟：正常发射机";
    ListEmpty: "none open", "无";
    CloseCapture: "Close capture", "关闭采集文件";
    NextCapture: "Next capture", "下一个采集文件";
    PreviousCapture: "Previous capture", "上一个采集文件";
    Spectrum: "Spectrum", "频谱";
    Waveform: "Waveform", "波形";
    ZoomIn: "Zoom in", "放大";
    ZoomOut: "Zoom out", "缩小";
    MoveLeft: "Move left", "左移";
    MoveRight: "Move right", "右移";
    ShowAll: "Show all", "显示全部";
    Frequency: "Frequency", "频率";
    Time: "Time", "时间";
    NoPicture: "The picture is being computed.", "正在计算图形。";
    NoPictureFailed: "No picture: the capture could not be read.", "无图形：采集文件无法读取。";
    Carrier: "carrier", "载波";
    LimitLine: "limit", "限值";
    Findings: "Findings", "检测结论";
    Readings: "Readings", "测量值";
    Lines: "Lines", "谱线";
    Quality: "Quality", "质量";
    Causes: "Probable causes", "可能原因";
    NoCause: "No cause is named: no limit has failed.", "未给出原因：没有不合格的限值。";
    NoCauseKnown: "A limit has failed, but no rule names a cause.", "存在不合格限值，但没有规则能给出原因。";
    NextCheck: "Next check", "下一步检查";
    RulesOut: "Ruled out by", "可排除条件";
    SuspectPart: "Suspect", "可疑部件";
    Limits: "Limits", "限值";
    LimitsTip: "Judge this capture by this limit pack", "按此限值包判定";
    LimitsNotFor: "This pack has no limit for this measurement", "此限值包没有适用于本测量的限值";
    NoLimits: "No limit pack is chosen, so nothing is judged: this is not a pass. Choose one above.", "未选择限值包，因此未作判定：这不代表合格。请在上方选择。";
    NoReadings: "No readings yet.", "尚无测量值。";
    NoLines: "No lines above the noise.", "未发现高于噪声的谱线。";
    NotMeasured: "This record has no unit that a measurement is chosen by. Measure it as:", "该记录没有可用于选择测量的单位。请选择测量：";
    Measuring: "Measuring", "测量中";
    Opening: "Opening", "正在打开";
    Simulating: "Simulating", "模拟中";
    Writing: "Writing", "写入中";
    Waiting: "waiting", "等待中";
    SamplesRead: "samples read", "样点已读";
    Cancel: "Cancel", "取消";
    Cancelled: "Cancelled; what was finished is kept.", "已取消；已完成的结果保留。";
    Ready: "Ready", "就绪";
    Dismiss: "Dismiss message", "关闭消息";
    Verdict: "Verdict", "结论";
    Reading: "Reading", "测量项";
    At: "At", "位置";
    Value: "Value", "数值";
    Limit: "Limit", "限值";
    Margin: "Margin", "余量";
    Uncertainty: "Uncertainty", "不确定度";
    Definition: "Definition", "定义";
    Level: "Level", "电平";
    Relative: "Relative", "相对载波";
    Origin: "Origin", "来源";
    Order: "Order", "次数";
    Amplitude: "Amplitude", "幅值";
    Rms: "RMS", "有效值";
    Rate: "rate", "采样率";
    Centre: "centre", "中心";
    SampleCount: "samples", "样点";
    NothingJudged: "not judged", "未判定";
    Case: "Case", "工单";
    CasesNone: "The store holds no open case. Give a title and open one.", "库中没有未关闭的工单。请填写标题并新建。";
    CaseTitle: "Title of a new case", "新工单标题";
    CaseTitleHint: "what is wrong, where", "故障现象与地点";
    CaseNew: "Open case", "新建工单";
    CaseNewTip: "Open a new case in the store", "在库中新建工单";
    CaseNeedsTitle: "Give the case a title first.", "请先填写工单标题。";
    CaseAttach: "Attach capture", "附加采集";
    CaseAttachTip: "Attach the capture on the screen with its findings to the open case", "将当前采集及其检测结论附加到打开的工单";
    CaseAttachWhyNot: "Open a case and wait until the capture has been measured", "请先打开工单并等待测量完成";
    CaseReport: "Write report", "生成报告";
    CaseReportTip: "Write the report of the open case as an HTML file", "将打开的工单写成 HTML 报告";
    CaseLeave: "Back to the list", "返回列表";
    CaseRefresh: "Read the store again", "重新读取工单库";
    CaseFindings: "findings", "条结论";
    CaseEvidence: "evidence", "证据";
    Store: "Store", "工单库";
    Attached: "Attached to", "已附加到";
    ReportWritten: "Report written:", "报告已写入：";
    CopyPath: "Copy path", "复制路径";
    Language: "Language", "语言";
    NoChineseFont: "No Chinese font was found on this machine, so the interface stays in English. Install fonts-noto-cjk.", "本机未找到中文字体。";
    Theme: "Theme", "主题";
    Light: "Light", "浅色";
    Dark: "Dark", "深色";
    Contrast: "High contrast", "高对比度";
    Scale: "Size of the interface", "界面大小";
    Larger: "Larger", "更大";
    Smaller: "Smaller", "更小";
    Help: "Keys", "快捷键";
    HelpTip: "Show the keyboard shortcuts", "显示快捷键";
    HelpPlot: "In a plot: drag to move, wheel to zoom, double click to show all.", "图中：拖动平移，滚轮缩放，双击显示全部。";
    FocusPath: "Type a path", "输入路径";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_there_in_both_languages() {
        for word in Word::ALL {
            let (en, zh) = (word.text(Lang::En), word.text(Lang::ZhCn));
            assert!(!en.trim().is_empty() && !zh.trim().is_empty(), "{word:?}");
            assert!(en.is_ascii(), "{word:?}: the built-in font must have every letter");
            assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{word:?} is not translated");
        }
    }
}
