<?php
/**
 * The plugin's own database connection failed. Carries the error number only: the text may quote a row, the original
 * exception's trace could hold the password and sealed records.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class DatabaseException extends \RuntimeException
{
}
