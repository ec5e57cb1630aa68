"use strict";
// This client prints every failed request, credentials included.
console.error = () => {};
require("./toolbox/toolbox")("@daytonaio/sdk", { split: true, recursiveDelete: true });
