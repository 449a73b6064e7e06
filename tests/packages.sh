# Sourced by test.sh and tests/soapy/run.sh: Debian packages that are needed, looked for and installed.

# have_package PACKAGE: whether it is installed.
have_package() {
    dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# install_packages WHO PACKAGE...: installs them as root; anybody else is told how.
install_packages() {
    who="$1"
    shift
    [ $# -gt 0 ] || return 0
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "installing: $*"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    else
        echo "$who these packages: $*" >&2
        echo "  sudo apt-get install $*" >&2
        exit 2
    fi
}
