/** One-shot execution of commands and code (toolbox protocol §2). */
@NullMarked
package io.daytona.toolbox.process;

import org.jspecify.annotations.NullMarked;
