<?php
/**
 * A sealed text cannot be opened: what \Telemed\VaultException says where the extension is there.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

final class Unopenable extends \RuntimeException
{
}
