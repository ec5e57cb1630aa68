"use strict";
require("./toolbox/toolbox")("@daytona/sdk", { typed: true, split: true, interpreter: true, recursiveDelete: true });
