<?php
/** Runs the migrations of the core and of add-ons, each file once, by the date in its name. */

declare(strict_types=1);

namespace App\database\classes;

final class KCMigrator
{
    public function run(): int
    {
        global $wpdb;
        $wpdb->query("CREATE TABLE IF NOT EXISTS {$wpdb->prefix}kc_migrations (name varchar(191) PRIMARY KEY)");
        $done = $wpdb->get_col("SELECT name FROM {$wpdb->prefix}kc_migrations");
        $files = [];
        foreach ($this->paths() as $path) {
            foreach (glob($path . '/*.php') as $file) {
                $files[basename($file, '.php')] = $file;
            }
        }
        ksort($files);
        $count = 0;
        foreach (array_diff_key($files, array_flip($done)) as $name => $file) {
            require_once $file;
            $class = str_replace(' ', '', ucwords(str_replace(['-', '_'], ' ', substr($name, 11))));
            foreach (get_declared_classes() as $declared) {
                if (str_ends_with($declared, $class)) {
                    (new $declared())->run();
                    $wpdb->insert("{$wpdb->prefix}kc_migrations", ['name' => $name]);
                    $count++;
                    break;
                }
            }
        }
        return $count;
    }

    /** The old filter is given a plain path here, and an entry with a key in notices(). */
    private function paths(): array
    {
        $own = KIVI_CARE_DIR . 'app/database/migrations';
        $all = apply_filters('kc_wp_migrations_paths_detailed', [['key' => 'kivicare', 'name' => 'KiviCare', 'path' => $own]]);
        $paths = array_column($all, 'path');
        foreach (apply_filters('kc_wp_migrations_paths', [$own]) as $entry) {
            if ($entry !== $own) {
                $paths[] = $entry['path'];
            }
        }
        return array_unique($paths);
    }

    /** @return list<string> names of all migrations, as the core's notices show them */
    public static function notices(): array
    {
        $names = [];
        foreach (apply_filters('kc_wp_migrations_paths', ['kivicare' => ['path' => KIVI_CARE_DIR . 'app/database/migrations', 'name' => 'KiviCare']]) as $entry) {
            foreach (glob($entry['path'] . '/*.php') as $file) {
                $names[] = $entry['name'] . ': ' . basename($file, '.php');
            }
        }
        return $names;
    }
}
