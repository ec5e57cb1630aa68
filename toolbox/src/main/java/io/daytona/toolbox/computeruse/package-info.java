/** Computer use and recordings, as a sandbox without a desktop answers (toolbox protocol §10). */
@NullMarked
package io.daytona.toolbox.computeruse;

import org.jspecify.annotations.NullMarked;
