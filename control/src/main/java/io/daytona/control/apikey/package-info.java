/** API keys: who a request speaks for. */
@NullMarked
package io.daytona.control.apikey;

import org.jspecify.annotations.NullMarked;
