/** Directories and version of a sandbox (toolbox protocol §9). */
@NullMarked
package io.daytona.toolbox.info;

import org.jspecify.annotations.NullMarked;
