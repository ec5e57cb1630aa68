# shellcheck shell=bash
# Turns the log of mmdebstrap, apt and dpkg into progress lines. Sourced by build.

# Copies stdin to the log; stages weigh what they took of a measured build.
report_progress() {
  local log=$1
  awk -v copy="$log" '
    function say(percent, text) {
      percent = int(percent)
      if (percent > 99) percent = 99
      if (percent <= shown) return
      shown = percent
      print "progress " percent " " text
      fflush()
    }
    function share(part, whole) { return whole > 0 && part < whole ? part / whole : whole > 0 }
    { print > copy; fflush(copy) }
    /^I: running apt-get update/ { say(1, "reading package lists") }
    /newly installed/ { total += $3 }
    /^Get:[0-9]+ .* Packages/ { next }
    /^Get:[0-9]+ / { fetched++; say(2 + 28 * share(fetched, total), "downloading packages") }
    /^Unpacking / { unpacked++; say(30 + 25 * share(unpacked, total), "unpacking packages") }
    /^Setting up / { set_up++; say(55 + 25 * share(set_up, total), "installing packages") }
    /^progress [0-9]+ / { percent = $2; sub(/^progress [0-9]+ /, ""); say(percent, $0) }
    /^I: cleaning package lists/ { say(93, "cleaning up") }
    /^I: creating tarball/ { say(94, "writing the image") }'
}
