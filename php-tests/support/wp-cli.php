<?php

/**
 * What of WP-CLI the plugin's commands meet, for WP-CLI is not among what the scripts install: commands made of an object's public
 * methods, arguments held against what stands above the method, and output as it is in a pipe. As strict as WP-CLI 2.12 and 3.0.
 */

declare(strict_types=1);

namespace WP_CLI\Utils {
    function get_flag_value(array $options, string $flag, mixed $default = null): mixed
    {
        return $options[$flag] ?? $default;
    }

    /** Drawn in a terminal only; here it is remembered: title, steps, steps done, finished. */
    function make_progress_bar(string $title, int $steps): object
    {
        \WP_CLI::$bar = array($title, $steps, 0, false);
        return new class {
            public function tick(): void
            {
                \WP_CLI::$bar[2]++;
            }

            public function finish(): void
            {
                \WP_CLI::$bar[3] = true;
            }
        };
    }

    /**
     * @param list<array<string, mixed>> $items
     * @param list<string> $fields
     */
    function format_items(string $format, array $items, array $fields): void
    {
        $rows = array_map(static fn (array $item): array => array_map(static fn (string $field): mixed => $item[$field], $fields), $items);
        match ($format) {
            'count' => \WP_CLI::line((string) count($items)),
            'json' => \WP_CLI::line((string) json_encode(array_map(static fn (array $row): array => array_combine($fields, $row), $rows))),
            'table' => array_map(static fn (array $row) => \WP_CLI::line(implode("\t", $row)), array_merge(array($fields), $rows)),
        };
    }
}

namespace {
    define('WP_CLI', true);

    /** A command that is over before its end. */
    final class WP_CLI_Exit extends \Exception
    {
    }

    final class WP_CLI
    {
        /** @var ?array{string, int, int, bool} */
        public static ?array $bar = null;

        /** @var array<string, array{object, string}> */
        private static array $commands = array();

        /** @var array{out: list<string>, err: list<string>} */
        private static array $said = array('out' => array(), 'err' => array());

        private static bool $isQuiet = false;

        public static function add_command(string $name, object $commands): void
        {
            foreach ((new \ReflectionObject($commands))->getMethods(\ReflectionMethod::IS_PUBLIC) as $method) {
                if (! $method->isStatic() && ! str_starts_with($method->name, '__')) {
                    self::$commands["{$name} {$method->name}"] = array($commands, $method->name);
                }
            }
        }

        public static function get_config(string $name): mixed
        {
            return array('quiet' => self::$isQuiet)[$name];
        }

        public static function line(string $text): void
        {
            self::$said['out'][] = $text;
        }

        public static function success(string $text): void
        {
            if (! self::$isQuiet) {
                self::line("Success: {$text}");
            }
        }

        public static function warning(string $text): void
        {
            if (! self::$isQuiet) {
                self::$said['err'][] = "Warning: {$text}";
            }
        }

        public static function error(string $text): never
        {
            self::$said['err'][] = "Error: {$text}";
            throw new \WP_CLI_Exit();
        }

        /**
         * Runs a command.
         *
         * @param list<string> $words what follows it on the command line
         * @return array{status: int, out: list<string>, err: list<string>, bar: ?array{string, int, int, bool}}
         */
        public static function run(string $name, array $words): array
        {
            self::$isQuiet = in_array('--quiet', $words, true);
            $status = 0;
            try {
                [$commands, $method] = self::$commands[$name] ?? self::error("'{$name}' is not a registered wp command.");
                $arguments = array_values(preg_grep('/^--/', $words, PREG_GREP_INVERT));
                $options = self::options(array_diff(preg_grep('/^--/', $words), array('--quiet')));
                $help = (string) (new \ReflectionMethod($commands, $method))->getDocComment();
                $commands->$method($arguments, self::validated($arguments, $options, self::synopsis($help)));
            } catch (\WP_CLI_Exit) {
                $status = 1;
            }
            return array('status' => $status, 'bar' => self::$bar) + self::$said;
        }

        /**
         * @param array<string> $words
         * @return array<string, string|bool>
         */
        private static function options(array $words): array
        {
            $options = array();
            foreach ($words as $word) {
                [$name, $value] = explode('=', substr($word, 2), 2) + array(1 => true);
                $isNegated = $value === true && str_starts_with($name, 'no-');
                $options[$isNegated ? substr($name, 3) : $name] = $isNegated ? false : $value;
            }
            return $options;
        }

        /**
         * The options that a method's comment names.
         *
         * @return array<string, array{takesValue: bool, default: ?string, among: list<string>}>
         */
        private static function synopsis(string $help): array
        {
            $help = (string) preg_replace('/^[ \t]*\* ?/m', '', $help);
            preg_match_all('/^\[--([a-z-]+)(=<[a-z-]+>)?\]\n: .+\n(?:---\n((?:.+\n)+?)---\n)?/m', $help, $found, PREG_SET_ORDER | PREG_UNMATCHED_AS_NULL);
            $synopsis = array();
            foreach ($found as [, $name, $value, $more]) {
                preg_match_all('/^  - (.+)$/m', (string) $more, $among);
                $synopsis[$name] = array(
                    'takesValue' => $value !== null,
                    'default' => 1 === preg_match('/^default: (.+)$/m', (string) $more, $default) ? $default[1] : null,
                    'among' => $among[1],
                );
            }
            return $synopsis;
        }

        /**
         * @param list<string> $arguments
         * @param array<string, string|bool> $options
         * @param array<string, array{takesValue: bool, default: ?string, among: list<string>}> $synopsis
         * @return array<string, string|bool>
         */
        private static function validated(array $arguments, array $options, array $synopsis): array
        {
            if ($synopsis === array()) {
                // WP-CLI lets everything through to a command that names no options.
                return $options;
            }
            if ($arguments !== array()) {
                self::error('Too many positional arguments: ' . implode(' ', $arguments));
            }
            foreach (array_diff_key($options, $synopsis) as $name => $value) {
                self::error("Parameter errors:\n unknown --{$name} parameter");
            }
            foreach ($synopsis as $name => $option) {
                if ($option['takesValue'] && ($options[$name] ?? null) === true) {
                    self::warning("--{$name} parameter needs a value");
                    unset($options[$name]);
                    continue;
                }
                $options += $option['default'] === null ? array() : array($name => $option['default']);
                if ($option['among'] !== array() && isset($options[$name]) && ! in_array($options[$name], $option['among'], true)) {
                    self::error("Parameter errors:\n Invalid value specified for '{$name}'");
                }
            }
            return $options;
        }
    }
}
