/** The program for work over many files, started in a sandbox (docs/protocols/fsutil.md). */
@NullMarked
package io.daytona.toolbox.fsutil;

import org.jspecify.annotations.NullMarked;
