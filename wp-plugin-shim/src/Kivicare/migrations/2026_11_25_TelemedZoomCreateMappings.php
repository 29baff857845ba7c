<?php
/**
 * Run by the core's migrator: the table of video links, which is there already where the commercial add-on was.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare\Migrations;

use App\database\classes\KCAbstractMigration;
use TelemedZoom\Kivicare\MappingTable;

defined('ABSPATH') || exit;

final class TelemedZoomCreateMappings extends KCAbstractMigration
{
    public function run()
    {
        MappingTable::create();
        return true;
    }
}
