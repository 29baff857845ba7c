<?php
/**
 * Where the plugin's routes of REST lie.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Routes
{
    public const V1 = 'telemed/v1';
}
