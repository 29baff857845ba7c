<?php
/**
 * A sealed text cannot be opened: what the extension says by an exception of its own where the extension is there.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

final class Unopenable extends \RuntimeException
{
}
