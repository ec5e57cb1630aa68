"use strict";

/** Methods of a sandbox that are no matter of the toolbox, by the reason. */
const REASONS = {
  "the life cycle: suite.test.js": `start stop delete waitUntilStarted waitUntilStopped refreshData refreshActivity setLabels
    setAutostopInterval setAutoArchiveInterval setAutoDeleteInterval`,
  "the life cycle beyond start and stop, not the toolbox": `recover fork _experimental_fork createSnapshot
    _experimental_createSnapshot pause archive resize waitForResizeComplete setAutoPauseInterval setTtl setPublic`,
  "settings outside the sandbox": "updateNetworkSettings updateSecrets",
  "access from outside, not by the toolbox": `getSignedPreviewUrl expireSignedPreviewUrl createSshAccess revokeSshAccess
    validateSshAccess`,
  "history kept outside the sandbox": "getMetrics",
};

module.exports = new Set(Object.values(REASONS).flatMap((names) => names.split(/\s+/)).map((name) => `sandbox.${name}`));
