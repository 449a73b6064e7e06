// A SoapySDR module for tests: one device that streams a ramp with time stamps and misbehaves as its arguments say.
//
// Frame k holds I = (k % 1000) / 1000 and Q = -I, so that every sample tells its place. Arguments:
//   pace=0        as fast as it is read (default: by the clock)
//   fault=NAME    overflow (said, `lost` frames), silent (not said), timeout, stall, error, none
//   after=N       frame at which the fault happens, and every N frames again for overflow and silent
//   lost=N        frames that a loss costs
//   gone=PATH     while this file exists, the device is unplugged
#include <SoapySDR/Device.hpp>
#include <SoapySDR/Errors.hpp>
#include <SoapySDR/Constants.h>
#include <SoapySDR/Registry.hpp>
#include <algorithm>
#include <chrono>
#include <complex>
#include <stdexcept>
#include <thread>
#include <unistd.h>

using Clock = std::chrono::steady_clock;

static std::string arg(const SoapySDR::Kwargs &args, const std::string &key, const std::string &otherwise) {
    const auto found = args.find(key);
    return found == args.end() ? otherwise : found->second;
}

class Fake : public SoapySDR::Device {
public:
    explicit Fake(const SoapySDR::Kwargs &args)
        : fault(arg(args, "fault", "none")), gone(arg(args, "gone", "")), after(std::stoll(arg(args, "after", "1000000"))),
          lost(std::stoll(arg(args, "lost", "50000"))), paced(arg(args, "pace", "1") != "0") {
        if (unplugged()) throw std::runtime_error("the device is not there");
        next = after;
    }
    std::string getDriverKey() const override { return "faultscope_test"; }
    std::string getHardwareKey() const override { return "faultscope test radio"; }
    size_t getNumChannels(const int) const override { return 1; }
    std::vector<std::string> getStreamFormats(const int, const size_t) const override { return {"CF32"}; }
    std::vector<std::string> listAntennas(const int, const size_t) const override { return {"RX"}; }
    void setAntenna(const int, const size_t, const std::string &name) override {
        if (name != "RX") throw std::runtime_error("there is no antenna " + name);
    }
    void setSampleRate(const int, const size_t, const double value) override { rate = value; }
    double getSampleRate(const int, const size_t) const override { return rate; }
    void setFrequency(const int, const size_t, const double, const SoapySDR::Kwargs &) override {}
    void setFrequency(const int, const size_t, const std::string &, const double, const SoapySDR::Kwargs &) override {}
    void setGain(const int, const size_t, const double value) override {
        if (value > 60) throw std::runtime_error("gain out of range");
    }
    void writeSetting(const std::string &, const std::string &) override {}
    SoapySDR::Stream *setupStream(const int, const std::string &, const std::vector<size_t> &, const SoapySDR::Kwargs &) override {
        return reinterpret_cast<SoapySDR::Stream *>(this);
    }
    void closeStream(SoapySDR::Stream *) override {}
    int activateStream(SoapySDR::Stream *, const int, const long long, const size_t) override {
        begun = Clock::now();
        return 0;
    }
    int deactivateStream(SoapySDR::Stream *, const int, const long long) override { return 0; }
    size_t getStreamMTU(SoapySDR::Stream *) const override { return 8192; }

    int readStream(SoapySDR::Stream *, void *const *buffs, const size_t room, int &flags, long long &timeNs, const long timeoutUs) override {
        const auto wait = std::chrono::microseconds(timeoutUs);
        if (unplugged()) return SOAPY_SDR_STREAM_ERROR;
        if (position >= next) {
            if (fault == "stall") { std::this_thread::sleep_for(wait); return SOAPY_SDR_TIMEOUT; }
            if (fault == "error") return SOAPY_SDR_STREAM_ERROR;
            if (fault == "timeout") { next += after; std::this_thread::sleep_for(wait); return SOAPY_SDR_TIMEOUT; }
            if (fault == "overflow" || fault == "silent") {
                position += lost;
                next += after + lost;
                if (fault == "overflow") return SOAPY_SDR_OVERFLOW;
            }
        }
        const long long left = std::max(1LL, next - position);
        const size_t n = std::min<size_t>({room, 8192, static_cast<size_t>(fault == "none" ? 8192 : left)});
        if (paced) std::this_thread::sleep_until(begun + std::chrono::nanoseconds(static_cast<long long>((position + n) * 1e9 / rate)));
        auto *out = static_cast<std::complex<float> *>(buffs[0]);
        for (size_t k = 0; k < n; k++) {
            const float value = static_cast<float>((position + k) % 1000) / 1000.0f;
            out[k] = {value, -value};
        }
        flags = SOAPY_SDR_HAS_TIME;
        // A second in front, because 0 stands for "no time".
        timeNs = 1000000000LL + static_cast<long long>(position * (1e9 / rate));
        position += n;
        return static_cast<int>(n);
    }

private:
    bool unplugged() const { return !gone.empty() && access(gone.c_str(), F_OK) == 0; }
    const std::string fault, gone;
    const long long after, lost;
    const bool paced;
    double rate = 1e6;
    long long position = 0, next = 0;
    Clock::time_point begun;
};

static SoapySDR::KwargsList find(const SoapySDR::Kwargs &args) {
    if (arg(args, "driver", "faultscope_test") != "faultscope_test") return {};
    SoapySDR::Kwargs found = args;
    found["driver"] = "faultscope_test";
    found["label"] = "faultscope test radio";
    return {found};
}

static SoapySDR::Device *make(const SoapySDR::Kwargs &args) { return new Fake(args); }

static SoapySDR::Registry registered("faultscope_test", &find, &make, SOAPY_SDR_ABI_VERSION);
