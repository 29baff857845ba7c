<?php
/** One step of the database: the file is named after date and class. */

declare(strict_types=1);

namespace App\database\classes;

abstract class KCAbstractMigration
{
    abstract public function run();

    public function rollback()
    {
        return true;
    }

    protected function get_collation()
    {
        global $wpdb;
        return $wpdb->get_charset_collate();
    }
}
