"use strict";
const fs = require("node:fs");
const path = require("node:path");

/** Records which methods of a client's objects were called, as `fs.findFiles`, and which of them a test checked. */
class Recorder {
  constructor(clientPackage) {
    this.types = path.dirname(require.resolve(clientPackage));
    this.calls = new Set();
    this.checked = new Set();
    this.prototypes = new Map();
  }

  /** The object itself; each call of one of its methods is recorded. */
  wrap(target, name) {
    this.prototypes.set(name, Object.getPrototypeOf(target));
    return new Proxy(target, {
      get: (object, property) => {
        const value = object[property];
        if (typeof value !== "function" || typeof property !== "string") return value;
        return (...parameters) => {
          this.calls.add(`${name}.${property}`);
          return value.apply(object, parameters);
        };
      },
    });
  }

  /** Every public method of everything that was wrapped: found on the prototypes, less what the types call private. */
  publicMethods() {
    const methods = new Set();
    for (const [name, first] of this.prototypes) {
      for (let prototype = first; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
        const hidden = this.privateNames(prototype.constructor.name);
        for (const [method, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
          if (method === "constructor" || typeof value !== "function" || hidden.has(method)) continue;
          methods.add(`${name}.${method}`);
        }
      }
    }
    return methods;
  }

  privateNames(className) {
    const text = fs.readFileSync(path.join(this.types, `${className}.d.ts`), "utf8");
    const hidden = text.matchAll(/^\s*(?:private|protected) (?:static )?(?:readonly )?(\w+)/gm);
    return new Set([...hidden].map((match) => match[1]));
  }
}

module.exports = { Recorder };
